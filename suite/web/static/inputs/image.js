/* Input kind `image`: a picture file, also one just taken where the device has a camera. */

import { element, fileButton, takeDrops } from "../elements.js";
import { resized } from "../video/resize.js";

/** Put the controls into `place`; `ask` takes what text.js tells, once for each picture. */
export function mount(place, input, ask) {
  const shown = element("canvas", { id: "picture", className: "picture", hidden: true });
  const used = element("p", { id: "used", className: "used", textContent: "Or drop a file here." });
  const notice = element("p", { id: "notice", className: "notice", hidden: true });
  shown.setAttribute("role", "img");
  used.setAttribute("role", "status");
  notice.setAttribute("role", "alert");
  place.replaceChildren(
    element("div", { className: "controls" }, fileButton("Choose a picture", "image/*", open)), shown, used, notice);
  takeDrops(place, open);
  let newest = null;

  async function open(file) {
    newest = file;
    ask(null);
    notice.hidden = shown.hidden = true;
    used.textContent = "";
    try {
      const picture = await createImageBitmap(file); // turned as its EXIF orientation says
      if (newest !== file) return;
      const { width, height } = picture;
      Object.assign(shown, { width, height, hidden: false });
      shown.setAttribute("aria-label", file.name);
      const pen = shown.getContext("2d", { willReadFrequently: true });
      pen.fillStyle = "white"; // what is transparent lies over white, as in training
      pen.fillRect(0, 0, width, height);
      pen.drawImage(picture, 0, 0);
      picture.close();
      used.textContent = `${file.name}: ${width} × ${height} pixels`;
      const pixels = resized(pen.getImageData(0, 0, width, height), input.height, input.width, 3);
      ask({ windows: () => [{ tensors: { [input.name]: pixels }, weight: 1, begin: 0 }], empty: false, pixels });
    } catch {
      if (newest !== file) return;
      notice.textContent = `${file.name} is no picture that this browser can read.`;
      notice.hidden = false;
    }
  }
}
