import type { Answer, OwnPicture, Request, Settings } from "./messages.js";
import { classColor } from "./page/class-color.js";
import { FeatureMap } from "./page/feature-map.js";
import { element, LineChart } from "./page/line-chart.js";
import { withClasses } from "./page/with-classes.js";

const DEFAULTS = {
  steps: 300,
  batch: 64,
  images: 2000,
  side: 32,
  width: 16,
  layers: 3,
  student: 150,
  map: 20,
  seed: 0,
} as const;
/** Classes that are shown with a picture, the likeliest first. */
const SHOWN_CLASSES = 5;

const find = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const input = (id: string): HTMLInputElement => find(id);
const button = (id: string): HTMLButtonElement => find(id);
const form = find<HTMLFormElement>("settings");
const field = (name: string) => form.elements.namedItem(name) as HTMLInputElement | HTMLSelectElement;
const percent = (share: number): string => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;

const address = new URLSearchParams(location.search);
const fromAddress = (name: keyof typeof DEFAULTS): number => Number(address.get(name) ?? DEFAULTS[name]);
const loss = new LineChart(find("loss"), { title: "Contrastive loss (NT-Xent)", format: (value) => value.toFixed(2) });
const contrast = new LineChart(find("contrast"), { title: "Contrast accuracy", format: percent, from: 0 });
const map = new FeatureMap(find<HTMLCanvasElement>("map"));
let own: readonly OwnPicture[] = [];
let worker: { readonly port: Worker; readonly backend: string } | undefined;

/** The worker, with the backend that is chosen; what another one had learnt is gone with it. */
function ask(request: Request): void {
  const backend = field("backend").value;
  if (worker !== undefined && worker.backend !== backend && (request.kind === "train" || request.kind === "load")) {
    worker.port.terminate();
    worker = undefined;
    setClassifier(undefined);
  }
  if (worker === undefined) {
    const port = new Worker(new URL("./worker/worker.ts", import.meta.url), { type: "module" });
    port.addEventListener("message", ({ data }: MessageEvent<Answer>) => answer(data));
    port.addEventListener("error", ({ message }) => fail(message));
    worker = { port, backend };
  }
  if (request.kind !== "stop") find("error").hidden = true;
  worker.port.postMessage(request);
}

function answer(said: Answer): void {
  switch (said.kind) {
    case "backend":
      find("backend").textContent = `${said.name} on ${said.device} (${said.why})`;
      return;
    case "stage":
      find("stage").textContent = said.text;
      return;
    case "pictures":
      legend(said.shown.classNames);
      void map.show(said.shown);
      return;
    case "step": {
      const { step, totalSteps, chance } = said;
      loss.add(step, said.loss, totalSteps);
      contrast.add(step, said.contrastAccuracy, totalSteps, { value: chance, label: `chance ${percent(chance)}` });
      find<HTMLProgressElement>("progress").value = step / totalSteps;
      find("stage").textContent =
        `pretraining without labels, step ${step} of ${totalSteps}, ${said.imagesPerSecond.toFixed(0)} pictures/s`;
      return;
    }
    case "map":
      map.move(said.points, said.step);
      return;
    case "probe":
      setProbe(said.of, [said.knn, said.linear]);
      setProbe("chance", [said.chance, said.chance]);
      return;
    case "classifier":
      setClassifier(said);
      return;
    case "classified":
      showClasses(said.name, said.classes);
      return;
    case "drawn":
      classify(said.file);
      return;
    case "saved":
      download(said.name, said.bytes);
      return;
    case "done":
      setTraining(false);
      find("stage").textContent = `${said.stopped ? "stopped" : "done"} after ${said.seconds.toFixed(0)} s`;
      return;
    case "error":
      if (said.during === "train") {
        setTraining(false);
        find("stage").textContent = "stopped by an error";
      }
      fail(said.message);
  }
}

function fail(message: string): void {
  find("error").hidden = false;
  find("error").textContent = message;
}

function setTraining(isTraining: boolean): void {
  for (const name of ["backend", "network", "steps", "batch"]) field(name).disabled = isTraining;
  for (const id of ["train", "built-in", "drawn-again"]) button(id).disabled = isTraining;
  for (const id of ["own-files", "own-folder", "model-files"]) input(id).disabled = isTraining;
  button("stop").disabled = !isTraining;
}

function setProbe(of: "random" | "trained" | "chance", shares: readonly number[]): void {
  for (const [i, cell] of [...find(`probe-${of}`).querySelectorAll("td")].entries())
    cell.textContent = shares[i] === undefined ? "–" : percent(shares[i]);
}

function setClassifier(classifier: Extract<Answer, { kind: "classifier" }> | undefined): void {
  input("picture").disabled = classifier === undefined;
  button("draw").disabled = classifier === undefined;
  button("save").disabled = classifier?.canSave !== true;
  find("classified").hidden = true;
  if (classifier === undefined) {
    find("classifier").textContent = "No classifier yet.";
    return;
  }
  const { origin, accuracy, classNames } = classifier;
  const right = accuracy === undefined ? "" : ` It is right on ${percent(accuracy)} of the test pictures.`;
  find("classifier").textContent = `Ready: ${origin}, with the classes ${classNames.join(", ")}.${right}`;
}

function classify(file: File): void {
  const preview = find<HTMLImageElement>("preview");
  URL.revokeObjectURL(preview.src);
  preview.src = URL.createObjectURL(file);
  ask({ kind: "classify", file });
}

function showClasses(name: string, classes: readonly { readonly name: string; readonly probability: number }[]): void {
  find<HTMLImageElement>("preview").alt = name;
  find("classified").hidden = false;
  find("classes").replaceChildren(
    ...classes.slice(0, SHOWN_CLASSES).map(({ name: className, probability }) => {
      const item = document.createElement("li");
      const [label, share] = [className, percent(probability)].map((text) => {
        const span = document.createElement("span");
        span.textContent = text;
        return span;
      }) as [HTMLSpanElement, HTMLSpanElement];
      const meter = document.createElement("meter");
      meter.value = probability;
      meter.setAttribute("aria-label", `probability of ${className}`);
      item.append(label, meter, share);
      return item;
    }),
  );
}

function legend(classNames: readonly string[]): void {
  find("legend").replaceChildren(
    ...classNames.map((name, label) => {
      const item = document.createElement("li");
      const swatch = element("svg", { viewBox: "0 0 10 10", "aria-hidden": "true" });
      swatch.append(element("circle", { cx: 5, cy: 5, r: 5, fill: classColor(label, "var(--hue-lightness)") }));
      item.append(swatch, name);
      return item;
    }),
  );
}

function download(name: string, bytes: Uint8Array<ArrayBuffer>): void {
  const link = Object.assign(document.createElement("a"), {
    href: URL.createObjectURL(new Blob([bytes])),
    download: name,
  });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function setOwn(pictures: readonly OwnPicture[]): void {
  own = pictures;
  const classes = new Set(pictures.map(({ className }) => className).filter((name) => name !== undefined));
  const kind = classes.size > 1 ? `, ${classes.size} classes` : ", without classes";
  find("source").textContent =
    pictures.length === 0 ? "On drawn pictures of ten shapes." : `On ${pictures.length} pictures of yours${kind}.`;
  button("drawn-again").hidden = pictures.length === 0;
}

async function builtIn(): Promise<void> {
  const fetched = async (name: string) => {
    const response = await fetch(new URL(`student/${name}`, document.baseURI));
    if (!response.ok) throw new Error(`student/${name} cannot be loaded: ${response.status}. Build the page again.`);
    return new File([await response.blob()], name);
  };
  loadModel(await Promise.all(["model.json", "group1-shard1of1.bin"].map(fetched)));
}

function loadModel(files: readonly File[]): void {
  ask({ kind: "load", backend: field("backend").value as Settings["backend"], files });
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  setTraining(true);
  loss.clear();
  contrast.clear();
  for (const of of ["random", "trained", "chance"] as const) setProbe(of, []);
  const settings: Settings = {
    backend: field("backend").value as Settings["backend"],
    network: field("network").value as Settings["network"],
    width: fromAddress("width"),
    layers: fromAddress("layers"),
    viewSize: fromAddress("side"),
    steps: Number(field("steps").value),
    batchSize: Number(field("batch").value),
    images: fromAddress("images"),
    studentSteps: fromAddress("student"),
    mapEvery: fromAddress("map"),
    seed: fromAddress("seed"),
  };
  ask({ kind: "train", settings, pictures: own });
});
button("stop").addEventListener("click", () => ask({ kind: "stop" }));
button("draw").addEventListener("click", () => ask({ kind: "draw" }));
button("save").addEventListener("click", () => ask({ kind: "save" }));
button("built-in").addEventListener("click", () => void builtIn().catch((error: Error) => fail(error.message)));
button("drawn-again").addEventListener("click", () => setOwn([]));
for (const id of ["own-files", "own-folder"])
  input(id).addEventListener("change", () => setOwn(withClasses([...(input(id).files ?? [])])));
input("model-files").addEventListener("change", () => loadModel([...(input("model-files").files ?? [])]));
input("picture").addEventListener("change", () => {
  const [file] = input("picture").files ?? [];
  if (file !== undefined) classify(file);
});
for (const type of ["dragover", "dragleave", "drop"] as const)
  document.addEventListener(type, (event) => {
    event.preventDefault();
    document.body.classList.toggle("dropping", type === "dragover");
    if (type === "drop" && !button("train").disabled) setOwn(withClasses([...(event.dataTransfer?.files ?? [])]));
  });

field("steps").value = String(fromAddress("steps"));
field("batch").value = String(fromAddress("batch"));
for (const name of ["backend", "network"]) {
  const wanted = address.get(name);
  if (wanted === null) continue;
  const names = [...(field(name) as HTMLSelectElement).options].map(({ value }) => value);
  if (names.includes(wanted)) field(name).value = wanted;
  else fail(`the address says ${name}=${wanted}; expected ${names.join(", ")}. Choose in the form.`);
}
