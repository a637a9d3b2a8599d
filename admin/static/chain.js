// The picture of a chain: zoom, drag, branches that open in place, names and days that stay in sight, PNG.
// Without this script the picture scrolls, and its links load the page anew.

const box = document.getElementById("chain");
const view = box.querySelector(".chain-view");
const size = box.querySelector(".chain-size");
const timeline = box.dataset.view === "timeline";
const LEAST = 0.04;
const MOST = 4;
const LARGEST = 16_000; // pixels a side that every browser can draw into an image
const LEGIBLE = 0.55;
let [svg, zoom] = [null, 1];

function take(drawing) {
  svg = drawing;
  const at = svg.viewBox.baseVal;
  svg.whole = { width: at.width, height: at.height };
}

// Zoom, and keep the point (x, y) of the view where it is.
function zoomTo(wanted, x = view.clientWidth / 2, y = view.clientHeight / 2) {
  const to = Math.min(MOST, Math.max(LEAST, wanted));
  const [left, top] = [(view.scrollLeft + x) / zoom, (view.scrollTop + y) / zoom];
  zoom = to;
  // A transformed picture is painted anew where it is seen; one of another width would be laid out anew, every word of it.
  svg.style.transform = `scale(${zoom})`;
  size.style.width = `${svg.whole.width * zoom}px`;
  size.style.height = `${svg.whole.height * zoom}px`;
  svg.classList.toggle("far", zoom < LEGIBLE);
  view.scrollTo({ left: left * zoom - x, top: top * zoom - y, behavior: "instant" });
  stay();
}

const whole = () => Math.min(view.clientWidth / svg.whole.width, view.clientHeight / svg.whole.height);

function show(key) {
  const node = svg.querySelector(`[id="${key}"]`);
  if (!node) return;
  const [there, here] = [node.getBoundingClientRect(), view.getBoundingClientRect()];
  view.scrollBy({
    left: timeline ? 0 : there.left + there.width / 2 - here.left - here.width / 2,
    top: there.top + there.height / 2 - here.top - here.height / 2,
    behavior: "instant",
  });
}

// On a timeline the names and the days stay where they can be read.
function stay() {
  if (!timeline) return;
  const [x, y] = [view.scrollLeft / zoom, view.scrollTop / zoom];
  svg.querySelector(".names").setAttribute("transform", `translate(${x} 0)`);
  svg.querySelector(".axis").setAttribute("transform", `translate(0 ${y})`);
}

async function open(address, key) {
  const before = svg.querySelector(`[id="${key}"]`).getBoundingClientRect();
  const answer = await fetch(address);
  if (!answer.ok) return location.assign(address);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const drawing = page.querySelector(".chain-view svg");
  if (!drawing) return location.assign(address);
  svg.replaceWith(document.adoptNode(drawing));
  take(drawing);
  box.querySelector(".fold").replaceWith(document.adoptNode(page.querySelector(".fold")));
  for (const link of page.querySelectorAll("[data-download=svg]")) {
    box.querySelector("[data-download=svg]").href = link.getAttribute("href");
  }
  history.replaceState(null, "", address);
  zoomTo(zoom);
  const node = svg.querySelector(`[id="${key}"]`);
  const after = node.getBoundingClientRect();
  view.scrollBy({ left: after.left - before.left, top: after.top - before.top, behavior: "instant" });
  node.focus({ preventScroll: true });
}

view.addEventListener("click", (event) => {
  const link = event.target.closest("a.more");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const address = link.getAttribute("href");
  open(address, address.split("#")[1]).catch(() => location.assign(address));
});

view.addEventListener("scroll", stay, { passive: true });
view.addEventListener(
  "wheel",
  (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    const at = view.getBoundingClientRect();
    zoomTo(zoom * Math.exp(-event.deltaY / 300), event.clientX - at.left, event.clientY - at.top);
  },
  { passive: false },
);

// A mouse drags the picture; fingers scroll it anyway.
view.addEventListener("pointerdown", (event) => {
  if (event.pointerType !== "mouse" || event.button !== 0) return;
  const [x, y, left, top] = [event.clientX, event.clientY, view.scrollLeft, view.scrollTop];
  const move = ({ clientX, clientY }) => {
    if (!view.classList.contains("dragged") && Math.hypot(clientX - x, clientY - y) < 5) return;
    view.classList.add("dragged");
    view.scrollTo({ left: left - clientX + x, top: top - clientY + y, behavior: "instant" });
  };
  const end = () => {
    window.removeEventListener("pointermove", move);
    // After the click that ends a drag, which must open nothing.
    setTimeout(() => view.classList.remove("dragged"));
  };
  window.addEventListener("pointermove", move);
  window.addEventListener("pointerup", end, { once: true });
});
view.addEventListener("dragstart", (event) => event.preventDefault());

view.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "+" || event.key === "=") zoomTo(zoom * 1.25);
  else if (event.key === "-") zoomTo(zoom / 1.25);
  else if (event.key === "0") zoomTo(whole());
});

box.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.zoom === "in") zoomTo(zoom * 1.4);
  if (button.dataset.zoom === "out") zoomTo(zoom / 1.4);
  if (button.dataset.zoom === "fit") zoomTo(whole());
  if (button.dataset.zoom === "focus") {
    zoomTo(Math.max(zoom, 1));
    show(box.dataset.focus);
  }
  if (button.dataset.download === "png") savePng(button);
});

// The browser draws the file of the picture into an image: no server needs a library for it.
async function savePng(button) {
  button.disabled = true;
  const image = new Image();
  image.src = box.querySelector("[data-download=svg]").href;
  await image.decode().catch(() => {});
  const scale = Math.min(2, LARGEST / image.naturalWidth, LARGEST / image.naturalHeight);
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [Math.ceil(image.naturalWidth * scale), Math.ceil(image.naturalHeight * scale)];
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  canvas.toBlob((blob) => {
    button.disabled = false;
    if (!blob) return;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = `${document.querySelector("h1 small").textContent.trim().split(" ")[0]}-${box.dataset.view}.png`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }, "image/png");
}

take(view.querySelector("svg"));
for (const hidden of box.querySelectorAll("[hidden]")) hidden.hidden = false;
zoomTo(box.dataset.view === "network" ? Math.min(1, whole()) : 1);
show(location.hash.slice(1) || (box.dataset.view === "network" ? "" : box.dataset.focus));
