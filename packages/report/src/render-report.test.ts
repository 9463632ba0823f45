import { parseHTML } from "linkedom";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { sampleReport } from "../fixtures/sample.js";
import { renderParts, renderReport, reportPage } from "./render-report.js";
import type { ReportData } from "./report-data.js";

const HOSTILE = `</style></title><script>alert(1)</script><img src=x onerror="alert(2)">'"&amp;`;
const minimal: ReportData = {
  ...{ title: "run", createdAt: "2025-03-01T14:05:33Z", accuracy: [], curves: [], facts: [], config: "" },
};

async function parsed(data: ReportData) {
  const page = await renderReport(data);
  return { page, document: parseHTML(page).document };
}
const texts = (root: ParentNode, selector: string) =>
  [...root.querySelectorAll(selector)].map((element) => element.textContent.replace(/\s+/g, " ").trim());

describe("renderReport", () => {
  it("begins with the answer: the best method, the baseline and their difference", async () => {
    const { document } = await parsed(sampleReport());
    expect(texts(document, "header .headline")).toEqual([
      "Distilled student (self) reaches 87.1 % top-1 with 100 labels (10 a class), " +
        "45.8 points above Supervised from scratch (41.3 %).",
    ]);
    expect(texts(document, ".card b")).toEqual(["87.1 %", "41.3 %", "+45.8"]);
    expect(texts((await parsed({ ...sampleReport(), headline: "It works." })).document, ".headline")).toEqual([
      "It works.",
    ]);
  });

  it("gives each accuracy its Wilson interval and its difference to the baseline with the same labels", async () => {
    const row = { testCount: 100, protocol: "p" };
    const { document } = await parsed({
      ...minimal,
      accuracy: [
        { ...row, method: "scratch", labels: "10", top1: 0.5, isBaseline: true },
        { ...row, method: "tuned", labels: "10", top1: 0.81 },
        { ...row, method: "probe", labels: "all", top1: 1 },
        { ...row, method: "worse", labels: "10", top1: 0.498 },
      ],
    });
    expect(texts(document, ".accuracy tbody th[scope=rowgroup]")).toEqual(["Labels: 10", "Labels: all"]);
    expect([...document.querySelectorAll(".accuracy tbody tr:not(.group)")].map((tr) => texts(tr, "td"))).toEqual([
      ["50.0", "40.4 – 59.6", "baseline"],
      ["81.0", "72.2 – 87.5", "+31.0"], // Wilson for 81 of 100: 0.7222 to 0.8749
      ["49.8", "40.2 – 59.4", "−0.2"],
      ["100.0", "96.3 – 100.0", "–"], // n / (n + z^2) = 100 / 103.84
    ]);
    expect(document.querySelectorAll("#accuracy svg[role=img]").length).toBe(2);
    expect(document.querySelector("#accuracy svg")?.getAttribute("aria-label")).toBe(
      "Top-1 accuracy with 10 labels: scratch 50.0 %, tuned 81.0 %, worse 49.8 %.",
    );
  });

  it("names the number of test images of each row where they differ", async () => {
    const rows = sampleReport().accuracy.map((row, i) => ({ ...row, testCount: 1000 * (i + 1) }));
    const { document } = await parsed({ ...sampleReport(), accuracy: rows });
    expect(texts(document, ".accuracy thead th").at(-1)).toBe("Test images");
    expect(texts(document, ".accuracy tbody tr td:last-child").at(-1)).toBe("9,000");
  });

  it("draws every curve with its reference, and thins long ones to 500 points", async () => {
    const { document } = await parsed(sampleReport());
    const figures = [...document.querySelectorAll("#curves figure")];
    expect(texts(document, "#curves figcaption b")).toEqual([
      ...[
        "pretrain: NT-Xent loss.",
        "pretrain: Learning rate.",
        "finetune: Cross-entropy.",
        "distill: Distillation loss.",
      ],
    ]);
    expect(texts(figures[0]!, "svg text").join(" ")).toContain(`chance: ${Math.log(511).toFixed(3)}`);
    for (const path of figures.flatMap((figure) => [...figure.querySelectorAll("[aria-label=line] path")])) {
      expect(path.getAttribute("d")!.split(/[ML]/).length - 1).toBeLessThanOrEqual(500);
    }
    expect(texts(figures[0]!, "figcaption")[0]).toContain("Thinned from 3,000 values");
  });

  it("holds originals and views as one picture inside the page", async () => {
    const { document } = await parsed(sampleReport());
    const image = document.querySelector("#views img")!;
    expect(image.getAttribute("alt")).toBe("Sheet of 12 images; under each, 2 augmented views of it.");
    const bytes = Buffer.from(image.getAttribute("src")!.split("base64,")[1]!, "base64");
    const { format, width, height } = await sharp(bytes).metadata();
    expect([format, width, height]).toEqual(["png", 6 * 96 + 5 * 4, 6 * 96 + 5 * 4 + 8]);
  });

  it("shows the confusion matrix, takes the classes' accuracies from it, and lists the worst confusions", async () => {
    const { document } = await parsed({
      ...minimal,
      confusion: {
        title: "student",
        classNames: ["a", "a", "c"],
        matrix: [
          [8, 2, 0],
          [0, 10, 0],
          [5, 0, 15],
        ],
      },
    });
    const [heatMap, bars] = document.querySelectorAll("#classes svg");
    expect(heatMap!.querySelectorAll("rect").length).toBe(9 + 1); // cells of two classes of one name stay apart; a frame
    expect(texts(heatMap!, "[aria-label=text]:last-child text")).toEqual(["8", "2", "10", "5", "15"]);
    expect(bars!.getAttribute("aria-label")).toBe("Accuracy by class: c 75.0 %, a 80.0 %, a 100.0 %.");
    expect(texts(document, "#classes > table tbody tr:first-child td")).toEqual(["c", "a", "5", "25.0"]);
  });

  it("lists confusions instead of a heat map where there are too many classes", async () => {
    const classNames = Array.from({ length: 61 }, (_, i) => `class ${i}`);
    const matrix = classNames.map((_, i) => classNames.map((_, j) => (i === j || (i === 3 && j === 4) ? 1 : 0)));
    const { document } = await parsed({ ...minimal, confusion: { title: "t", classNames, matrix } });
    expect(document.querySelector("#classes")!.textContent).toContain("61 classes are too many for a heat map");
    expect(texts(document, "#classes > table tbody td").slice(0, 2)).toEqual(["class 3", "class 4"]);
    expect(document.querySelectorAll("#classes svg").length).toBe(1);
  });

  it("tells which checks of the data set did not hold, in words", async () => {
    const { document } = await parsed(sampleReport());
    expect(texts(document, "#difficulty p")).toEqual(["1 of 3 checks did not hold."]);
    expect(texts(document, "#difficulty tbody td:last-child")).toEqual(["✓ held", "✓ held", "✗ not held"]);
    expect(texts(document, "#difficulty tbody td:nth-child(2)")).toEqual(["97.1 %", "27.4 %", "12.8 points"]);
  });

  it("keeps facts, configuration and the list of skipped images", async () => {
    const data = sampleReport();
    const { document } = await parsed(data);
    expect(texts(document, "#run .facts tbody tr:nth-child(2) > *")).toEqual([
      "Backend",
      "onednn (2 threads, AVX-512)",
    ]);
    expect(document.querySelector("#run pre")!.textContent).toBe(data.config);
    expect(texts(document, "#run .warning summary")).toEqual(["2 images were skipped"]);
    expect(texts(document, "#run .warning li")).toEqual(data.skipped);
    expect((await parsed({ ...minimal, skipped: [] })).document.body.textContent).toContain("No image was skipped.");
  });

  it("says what the difference to the baseline is worth", async () => {
    const meaning = async (change: object) => {
      const rows = [
        { method: "a", labels: "10", top1: 0.5, testCount: 100, protocol: "", isBaseline: true },
        { method: "b", labels: "10", top1: 0.6, testCount: 100, protocol: "", ...change },
      ];
      return texts((await parsed({ ...minimal, accuracy: rows })).document, "header > p:last-of-type")[0];
    };
    expect(await meaning({})).toContain("intervals overlap: the choice of test images may explain");
    expect(await meaning({ top1: 0.9 })).toContain("intervals are apart: more than the choice of test images explains");
    // (10.5 - 0.5) / 102 and z / 102 * sqrt(11 - 100 / 102)
    expect(await meaning({ againstBaseline: { gained: 10, lost: 0 } })).toContain(
      "On the same 100 test images, the 95 % interval of the difference is +3.7 to +15.9 points: more than",
    );
    expect(await meaning({ againstBaseline: { gained: 30, lost: 20 } })).toContain("−3.8 to +23.4 points: the choice");
  });

  it("draws more labels only where a method was measured with two numbers of them", async () => {
    const point = { method: "kNN", labelCount: 10, top1: 0.5, testCount: 100 };
    const { document } = await parsed({
      ...minimal,
      labelEfficiency: [point, { ...point, labelCount: 100, top1: 0.75 }],
    });
    expect(document.querySelector("#label-efficiency svg")!.getAttribute("aria-label")).toBe(
      "Top-1 accuracy by number of labels. kNN: 50.0 % with 10, 75.0 % with 100.",
    );
    const one = await parsed({ ...minimal, labelEfficiency: [point, { ...point, method: "probe", labelCount: 20 }] });
    expect(one.document.querySelector("#label-efficiency")).toBeNull();
  });

  it("cuts every small image out of one picture, and names it", async () => {
    const { document } = await parsed(sampleReport());
    expect(document.querySelectorAll("image").length).toBe(1);
    expect(document.querySelector("image")!.getAttribute("width")).toBe("640"); // 20 tiles of 32
    expect(document.querySelectorAll("#map label").length).toBe(160);
    const [query, first] = document.querySelectorAll("#neighbours .tile");
    expect(query!.getAttribute("viewBox")).toBe("0 0 32 32");
    expect(first!.getAttribute("viewBox")).toBe("320 0 32 32"); // tile 10
    expect(first!.getAttribute("aria-label")).toBe("test/circle-10.png");
    expect(texts(document, "#neighbours tbody tr:first-child small").slice(0, 7)).toEqual([
      ...["circle", "✓ circle", "0.98", "✓ circle", "0.93", "✗ square", "0.88"],
    ]);
    expect(document.querySelector("#neighbours p")!.textContent).toContain("15 of 18 are of the same class");
    expect(texts(document, ".confused li > span:first-child")).toEqual([
      "crescent taken for ring, 6 of 96 images",
      "hexagon taken for circle, 4 of 71 images",
    ]);
  });

  it("puts teacher and student side by side, and draws calibration", async () => {
    const { document } = await parsed(sampleReport());
    expect(document.querySelector(".parts")!.getAttribute("aria-label")).toBe(
      "Test images: both right 84.0 %, only the student right 3.1 %, only the teacher right 1.4 %, both wrong 11.5 %.",
    );
    const rows = [...document.querySelectorAll("#distillation .scroll tbody tr")].map((row) => texts(row, "th, td"));
    expect(rows[2]).toEqual(["test images", "85.4", "87.1", "+1.8", "94.3"]);
    expect(rows[3]).toEqual(["training images", "–", "–", "–", "95.5"]);
    expect(texts(document, "#reliability figcaption")[0]).toContain(
      "Expected calibration error 6.7 %; on the whole it is too sure",
    );
  });

  it("says where a run stands that has not ended", async () => {
    const { document } = await parsed({ ...minimal, status: "pretraining: step 3 of 10" });
    expect(texts(document, ".status")).toEqual(["pretraining: step 3 of 10"]);
  });

  it("lets a page follow a run part by part, each with its own id", async () => {
    const { parts, title } = await renderParts(sampleReport());
    const page = reportPage({ parts, title }, { script: "live.js" });
    const { document } = parseHTML(page);
    for (const { id, html } of parts)
      expect(document.getElementById(id)!.outerHTML.length).toBeGreaterThan(html.length / 2);
    expect(document.querySelector("script")!.getAttribute("src")).toBe("live.js");
    expect(document.querySelector("meta[http-equiv]")!.getAttribute("content")).toContain("script-src 'self'");
  });

  it("says so where nothing was measured", async () => {
    const { document } = await parsed(minimal);
    expect(texts(document, "#accuracy p")).toEqual(["No accuracy was measured in this run."]);
    expect(texts(document, "nav a")).toEqual(["Accuracy", "The run"]);
    const curve = { stage: "pretrain", metric: "loss", points: [] };
    expect(texts((await parsed({ ...minimal, curves: [curve] })).document, "#curves p")).toEqual([
      "pretrain, loss: no value was recorded.",
    ]);
  });

  it("asks nothing of the network and runs no script", async () => {
    const { page, document } = await parsed(sampleReport());
    expect(document.querySelector("meta[http-equiv]")!.getAttribute("content")).toContain("default-src 'none'");
    for (const element of document.querySelectorAll("[src], [href]")) {
      expect(element.getAttribute("src") ?? element.getAttribute("href")).toMatch(/^(data:|#)/);
    }
    expect(document.querySelectorAll("script, iframe, object, embed").length).toBe(0);
    expect(page.replaceAll(`xmlns="http://www.w3.org/2000/svg"`, "")).not.toMatch(/https?:|@import|url\(/);
    expect(page).not.toMatch(/NaN|undefined|\[object|Infinity/);
  });

  it("shows hostile names, paths and texts as text everywhere", async () => {
    const sample = sampleReport();
    const names = sample.confusion!.classNames.map((_, i) => `${HOSTILE}${i}`);
    const fact = { name: HOSTILE, value: HOSTILE };
    const row = { method: HOSTILE, labels: HOSTILE, top1: 0.5, testCount: 10, protocol: HOSTILE, isBaseline: true };
    const { document } = await parsed({
      title: HOSTILE,
      createdAt: sample.createdAt,
      headline: HOSTILE,
      accuracy: [row, { ...row, top1: 0.6, isBaseline: false }],
      curves: sample.curves.map((curve) => ({
        ...{ ...curve, stage: HOSTILE, metric: HOSTILE, unit: HOSTILE, reference: { value: 1, label: HOSTILE } },
      })),
      views: { ...sample.views!, caption: HOSTILE },
      calibration: [{ check: HOSTILE, value: 1, unit: HOSTILE, limit: HOSTILE, passed: true }],
      confusion: { ...sample.confusion!, title: HOSTILE, classNames: names },
      distillation: [{ ...sample.distillation![0]!, title: HOSTILE }],
      distillationFacts: [fact],
      thumbnails: sample.thumbnails!,
      map: {
        title: HOSTILE,
        classNames: names,
        points: sample.map!.points.map((point) => ({ ...point, name: HOSTILE })),
      },
      neighbours: {
        title: HOSTILE,
        rows: sample.neighbours!.rows.map(({ query, neighbours }) => ({
          query: { ...query, name: HOSTILE, label: HOSTILE },
          neighbours: neighbours.map((neighbour) => ({ ...neighbour, name: HOSTILE, label: HOSTILE })),
        })),
      },
      reliability: [{ ...sample.reliability![0]!, title: HOSTILE }],
      labelEfficiency: sample.labelEfficiency!.map((point) => ({ ...point, method: HOSTILE })),
      status: HOSTILE,
      facts: [fact],
      config: HOSTILE,
      skipped: [HOSTILE],
    });
    expect(document.querySelectorAll("script, [onerror]").length).toBe(0);
    expect(document.querySelectorAll("style").length).toBe(1);
    expect(document.querySelectorAll("img").length).toBe(1);
    expect(document.title).toBe(HOSTILE);
    expect(document.querySelector("#run pre")!.textContent).toBe(HOSTILE);
    expect(document.querySelector("#run li")!.textContent.trim()).toBe(HOSTILE);
    expect(document.querySelector("#curves svg")!.getAttribute("aria-label")).toContain(HOSTILE);
    expect(texts(document, "#curves svg text").filter((text) => text.startsWith("</style></title><s")).length).toBe(8);
    expect(texts(document, "#accuracy svg text")).toContain("60.0 %");
    expect(texts(document, "#classes > table td").some((text) => text.startsWith("</style></title><script>"))).toBe(
      true,
    );
  });

  it("is the same for the same data", async () => {
    expect(await renderReport(sampleReport())).toBe(await renderReport(sampleReport()));
  });
});
