"""How fast a classifier reads crops: python classifiers.py onnx|keras. Prints digits/s as JSON; each in its own process."""

import json
import sys
from collections.abc import Callable
from time import perf_counter

import numpy as np

BATCH = 1024
SINGLES = {"onnx": 2000, "keras": 40}  # digits read one by one, enough to time
MANY = 8 * BATCH


def crops(count: int) -> np.ndarray:
    """Crops of the right shape and type; what stands on them makes no difference to the time."""
    return np.random.default_rng(1).integers(0, 256, (count, 28, 28), dtype=np.uint8)


def onnx() -> Callable[[np.ndarray], object]:
    from digit_core.inference.classifier import SHIPPED_MODEL, OnnxRecogniser

    return OnnxRecogniser(str(SHIPPED_MODEL), "1")


def keras() -> Callable[[np.ndarray], object]:
    """The same network in Keras, untrained: that reads as fast as a trained one."""
    from digit_core.training.classifier.recipes import RECIPES
    from digit_core.training.keras_setup import keras_module

    network = RECIPES["archive"].build(keras_module())
    return lambda digits: network.predict(digits[..., np.newaxis] / np.float32(255), batch_size=BATCH, verbose=0)


def per_second(read: Callable[[np.ndarray], object], batches: list[np.ndarray]) -> float:
    read(batches[0])  # the first call compiles and warms up
    start = perf_counter()
    for batch in batches:
        read(batch)
    return sum(map(len, batches)) / (perf_counter() - start)


RUNTIMES = {"onnx": onnx, "keras": keras}


def main(runtime: str) -> None:
    digits = crops(MANY)
    start = perf_counter()
    read = RUNTIMES[runtime]()
    loaded = perf_counter() - start
    singles = [digits[i : i + 1] for i in range(SINGLES[runtime])]
    batches = [digits[i : i + BATCH] for i in range(0, MANY, BATCH)]
    print(json.dumps({"load_s": loaded, "single": per_second(read, singles), "batched": per_second(read, batches)}))


if __name__ == "__main__":
    main(sys.argv[1])
