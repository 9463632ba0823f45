import type { OwnPicture } from "../messages.js";

/** Files of a picker, each with the name of the folder that it lies in, if there are several such folders. */
export function withClasses(files: readonly File[]): OwnPicture[] {
  const pictures = files.filter(({ type }) => type.startsWith("image/"));
  const folderOf = ({ webkitRelativePath }: File) => webkitRelativePath.split("/").at(-2);
  const folders = new Set(pictures.map(folderOf));
  return pictures.map((file) => ({ file, className: folders.size > 1 ? folderOf(file) : undefined }));
}
