// Mark a part of a picture: painted with a pointer, or chosen by thirds with the keyboard. White in
// the mask is drawn anew, black stays.

const WASH = "rgb(111 208 187 / 62%)"; // The accent, thin enough to see what lies under it.
const THIRDS = 3;

export function setUpRegion(root) {
  const image = root.querySelector("img");
  const shown = root.querySelector("canvas");
  const size = root.querySelector("[data-brush]");
  const mask = document.createElement("canvas");
  mask.width = shown.width;
  mask.height = shown.height;
  const paint = mask.getContext("2d", { willReadFrequently: true });
  const view = shown.getContext("2d");
  const earlier = []; // The mask before each stroke, for undo; a mask is small.
  let last = null;

  clear();

  function clear() {
    paint.fillStyle = "black";
    paint.fillRect(0, 0, mask.width, mask.height);
    for (const each of root.querySelectorAll("[data-third]")) each.checked = false;
    show();
  }

  function show() {
    // The mask's white becomes the wash: drawn as light, then kept where the light is.
    const pixels = paint.getImageData(0, 0, mask.width, mask.height);
    for (let at = 0; at < pixels.data.length; at += 4) pixels.data[at + 3] = pixels.data[at];
    view.clearRect(0, 0, shown.width, shown.height);
    view.putImageData(pixels, 0, 0);
    view.globalCompositeOperation = "source-in";
    view.fillStyle = WASH;
    view.fillRect(0, 0, shown.width, shown.height);
    view.globalCompositeOperation = "source-over";
  }

  function keep() {
    earlier.push(paint.getImageData(0, 0, mask.width, mask.height));
    if (earlier.length > 30) earlier.shift();
  }

  function at(event) {
    const box = shown.getBoundingClientRect();
    return {
      x: ((event.clientX - box.left) / box.width) * mask.width,
      y: ((event.clientY - box.top) / box.height) * mask.height,
    };
  }

  function stroke(to) {
    const from = last ?? to;
    paint.strokeStyle = "white";
    paint.lineCap = "round";
    paint.lineJoin = "round";
    paint.lineWidth = (Number(size.value) / 100) * mask.width;
    paint.beginPath();
    paint.moveTo(from.x, from.y);
    paint.lineTo(to.x + 0.01, to.y); // A point has no length and would leave no mark.
    paint.stroke();
    last = to;
    show();
  }

  shown.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    shown.setPointerCapture(event.pointerId);
    keep();
    last = null;
    stroke(at(event));
  });
  shown.addEventListener("pointermove", (event) => {
    if (event.buttons && shown.hasPointerCapture(event.pointerId)) stroke(at(event));
  });

  root.querySelector("[data-undo]").addEventListener("click", () => {
    const before = earlier.pop();
    if (before) paint.putImageData(before, 0, 0);
    show();
  });
  root.querySelector("[data-clear]").addEventListener("click", () => {
    keep();
    clear();
  });
  for (const each of root.querySelectorAll("[data-third]")) {
    each.addEventListener("change", () => {
      keep();
      const cell = Number(each.dataset.third);
      const [wide, high] = [mask.width / THIRDS, mask.height / THIRDS];
      paint.fillStyle = each.checked ? "white" : "black";
      const [column, row] = [cell % THIRDS, Math.floor(cell / THIRDS)];
      paint.fillRect(Math.floor(column * wide), Math.floor(row * high), Math.ceil(wide), Math.ceil(high));
      show();
    });
  }
  image.addEventListener("dragstart", (event) => event.preventDefault());

  return {
    name: root.dataset.region,
    isEmpty: () => !paint.getImageData(0, 0, mask.width, mask.height).data.some((value, at) => at % 4 === 0 && value > 127),
    blob: () => new Promise((done) => mask.toBlob(done, "image/png")),
  };
}
