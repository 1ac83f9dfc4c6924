// The strip of a number, enlarged so that the number fills it, and its digits under their pixels.

const BESIDE = 1.6; // shown left and right of the number, in heights of its tallest digit
const HIGHEST = 9; // rem

export function lay(frame, img, row, signs) {
  const boxes = signs.map((sign) => sign.box);
  const known = boxes.filter(Boolean);
  const ready = known.length && img.naturalWidth && !img.hidden;
  row.classList.toggle("placed", Boolean(ready));
  for (const style of [frame.style, img.style, row.style]) style.cssText = "";
  if (!ready) return;
  const margin = (BESIDE * Math.max(...known.map((box) => box[3])) * img.naturalHeight) / img.naturalWidth;
  const left = Math.max(0, Math.min(...known.map((box) => box[0])) - margin);
  const right = Math.min(1, Math.max(...known.map((box) => box[0] + box[2])) + margin);
  const share = right - left;
  const aspect = (share * img.naturalWidth) / img.naturalHeight;
  frame.style.aspectRatio = aspect;
  row.style.maxWidth = frame.style.maxWidth = `${HIGHEST * aspect}rem`;
  img.style.width = `${100 / share}%`;
  img.style.left = `${(-100 * left) / share}%`;
  [...row.children].forEach((child, index) => {
    const box = boxes[index] ?? between(boxes, index);
    child.style.left = `${(100 * (box[0] + box[2] / 2 - left)) / share}%`;
  });
}

// A mark has no box of its own: it stands between its neighbours, or beside the only one.
function between(boxes, index) {
  const before = boxes.slice(0, index).findLast(Boolean);
  const after = boxes.slice(index).find(Boolean);
  const [x0, x1] = before && after ? [before[0] + before[2], after[0]] : before ? [before[0] + before[2], before[0] + 1.6 * before[2]] : [after[0] - 0.6 * after[2], after[0]];
  return [x0, 0, x1 - x0, 0];
}
