#!/usr/bin/env node
// The picture of a report for the README, drawn by Chromium: node tools/test-utils/report-picture.mjs RUN/report.html docs/images/report.png
import { statSync } from "node:fs";
import { resolve } from "node:path";
import { chromium } from "playwright-core";

/** What of the page is shown. */
const SHOWN = ["#summary", "#map", "#neighbours"];
const MOST_BYTES = 300_000;

const [report, picture] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium" });
const page = await browser.newPage({ viewport: { width: 760, height: 1200 } });
await page.goto(`file://${resolve(report)}`);
await page.addStyleTag({
  content: `section,nav{display:none}${SHOWN.map((id) => `section${id}{display:block}`).join("")}
.map{max-width:22rem!important}.neighbours tr:nth-child(n+3){display:none}h2{margin-top:1rem!important}body{padding-bottom:1rem!important}`,
});
await page.screenshot({ path: picture, fullPage: true });
await browser.close();
const { size } = statSync(picture);
console.log(`${picture}: ${size} bytes`);
process.exit(size <= MOST_BYTES ? 0 : 1);
