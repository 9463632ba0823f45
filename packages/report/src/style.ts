import { customProperties, dark, light } from "./palette.js";

/** The style sheet of the report: one column, phone first, light and dark, and print. */
export const STYLE = `
:root{color-scheme:light dark;${customProperties(light)}}
@media screen and (prefers-color-scheme:dark){:root{${customProperties(dark)}}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0 auto;padding:1.25rem 1rem 4rem;max-width:62rem;background:var(--page);color:var(--ink);
font:1rem/1.5 system-ui,"Segoe UI",Helvetica,Arial,sans-serif;overflow-wrap:anywhere}
a{color:var(--accent)}
h1{font-size:1.15rem;line-height:1.3;margin:0;font-weight:600;color:var(--muted)}
h2{font-size:1.3rem;line-height:1.3;margin:2.75rem 0 .75rem;padding-top:.9rem;border-top:1px solid var(--line)}
h3{font-size:1.02rem;margin:1.5rem 0 .5rem}
p{margin:.5rem 0}
time,.note,figcaption,small{color:var(--muted)}
time{font-size:.875rem}
.headline{font-size:clamp(1.3rem,1.05rem + 1.4vw,1.8rem);line-height:1.25;font-weight:650;margin:.9rem 0 1.1rem;
text-wrap:pretty}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,11rem),1fr));gap:.75rem;margin:0}
.card{background:var(--panel);border:1px solid var(--line);border-left:4px solid var(--line);border-radius:6px;
padding:.6rem .9rem}
.card.best{border-left-color:var(--accent)}
.card.baseline{border-left-color:var(--contrast)}
.card dt{color:var(--muted);font-size:.9rem}
.card dd{margin:0}
.card b{font-size:1.75rem;line-height:1.3;display:block;font-variant-numeric:tabular-nums}
.card span{font-size:.85rem;color:var(--muted)}
nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:.15rem 1.1rem;padding:0;margin:1.1rem 0 0;font-size:.95rem}
nav a{display:inline-block;padding:.35rem 0}
table{border-collapse:collapse;width:100%;font-size:.95rem}
th,td{text-align:left;vertical-align:top;padding:.45rem .6rem;border-bottom:1px solid var(--line);font-weight:400}
th:first-child,td:first-child{padding-left:.2rem}
thead th{font-size:.82rem;font-weight:600;color:var(--muted);vertical-align:bottom;line-height:1.25;
overflow-wrap:normal}
th[scope=row]{font-weight:500}
th small{display:block;font-weight:400;font-size:.82rem;line-height:1.35}
.number{text-align:right;font-variant-numeric:tabular-nums;overflow-wrap:normal}
td.number,.whole,.passed,.failed{white-space:nowrap}
.group th{font-weight:650;padding-top:1.1rem;border-bottom:2px solid var(--line)}
tr.baseline th[scope=row]{box-shadow:inset 3px 0 var(--contrast);padding-left:.6rem}
.facts th{width:38%;color:var(--muted);font-weight:400}
.scroll{overflow-x:auto}
.note,figcaption{font-size:.875rem}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,25rem),1fr));gap:1.25rem 2rem;
align-items:start;margin-top:.75rem}
figure{margin:0;break-inside:avoid;min-width:0}
figcaption{margin-top:.3rem;text-wrap:pretty}
figcaption b{color:var(--ink);font-weight:600}
figure svg{display:block;width:100%;height:auto;max-width:34rem}
.sheet img{display:block;max-width:100%;height:auto;image-rendering:pixelated}
.passed{color:var(--good)}
.failed{color:var(--bad);font-weight:600}
details{margin:.9rem 0}
summary{cursor:pointer;padding:.35rem 0;font-weight:500}
.warning summary{color:var(--bad)}
details ul{margin:.25rem 0;padding-left:1.4rem;max-height:24rem;overflow-y:auto;font-size:.9rem}
pre{background:var(--panel);border:1px solid var(--line);border-radius:6px;padding:.8rem;margin:.25rem 0;
overflow-x:auto;font:.82rem/1.45 ui-monospace,"SF Mono",Menlo,Consolas,monospace;overflow-wrap:normal}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
@media (max-width:30rem){
table{font-size:.9rem}
th,td{padding:.4rem .3rem}
.accuracy th[scope=row]{width:100%;min-width:7.5rem}
.accuracy td.number{font-size:.85rem}
}
@media print{
html{font-size:12px}
body{max-width:none;padding:0}
h2{margin-top:1.75rem}
.sheet img{max-width:24rem}
nav{display:none}
h2,h3,summary{break-after:avoid}
tr,.card{break-inside:avoid}
pre{white-space:pre-wrap;overflow:visible}
details::details-content{content-visibility:visible;height:auto;block-size:auto}
details ul{max-height:none}
.scroll{overflow:visible}
.grid{grid-template-columns:1fr 1fr}
}
`;
