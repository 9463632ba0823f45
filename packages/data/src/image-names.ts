/** Extensions of the formats that can be decoded: JPEG, PNG, WebP, GIF (first frame), TIFF (first page) and AVIF. */
const IMAGE_EXTENSION = /\.(jpe?g|png|webp|gif|tiff?|avif)$/i;

/** For messages. */
export const IMAGE_EXTENSIONS = ".jpg, .jpeg, .png, .webp, .gif, .tif, .tiff or .avif";

/** Whether a relative path names an image by its extension; hidden files and macOS' `._x.jpg` companions do not count. */
export function isImageName(path: string): boolean {
  return IMAGE_EXTENSION.test(path) && !isHidden(path);
}

/** Whether any step of a relative path is hidden. */
export function isHidden(path: string): boolean {
  return path.split("/").some((step) => (step.startsWith(".") && step !== "." && step !== "..") || step === "__MACOSX");
}

/** Orders names by their UTF-16 code units: the same on every machine and in every locale. */
export function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
