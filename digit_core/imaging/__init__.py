"""From bytes to a page made ready: decoding, paper and light, rulings."""
