import { customProperties, dark, light } from "./palette.js";

/** The style sheet of the report: one column, phone first, light and dark, and print. */
export const STYLE = `
:root{color-scheme:light dark;--hue-lightness:.55;${customProperties(light)}}
@media screen and (prefers-color-scheme:dark){:root{--hue-lightness:.76;${customProperties(dark)}}}
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
.store{position:absolute}
.previews{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,10rem),1fr));gap:1rem;align-items:start}
.previews img{display:block;width:100%;max-width:10rem;height:auto;image-rendering:pixelated}
.previews ul{list-style:none;margin:.15rem 0 0;padding:0;font-size:.78rem;line-height:1.35}
.previews .drawn{color:var(--ink)}
.tile{display:block;width:100%;aspect-ratio:1;border-radius:3px}
td.number small{display:block;font-size:.78rem}
.status{border-left:4px solid var(--accent);background:var(--panel);padding:.4rem .8rem;border-radius:6px}
.live{font-size:.875rem;margin:0 0 1rem}
.swatch,.map b.class,.map label{--hue:oklch(var(--hue-lightness) .15 var(--h))}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.15rem 1.1rem;padding:0;margin:.5rem 0;font-size:.9rem}
.legend li{display:flex;align-items:center;gap:.4rem}
.swatch{width:.8rem;height:.8rem;border-radius:50%;background:var(--hue);flex:none;print-color-adjust:exact}
.parts{display:flex;height:1.5rem;border-radius:6px;overflow:hidden;margin:.4rem 0;gap:2px;print-color-adjust:exact}
.parts i{background:oklch(var(--hue-lightness) .15 var(--h));flex-basis:0}
.map{position:relative;aspect-ratio:1;width:100%;max-width:44rem;margin:.75rem 0;background:var(--panel);
border:1px solid var(--line);border-radius:8px;print-color-adjust:exact;overflow:clip}
.map label{position:absolute;width:.6rem;height:.6rem;margin:-.3rem 0 0 -.3rem;border-radius:50%;background:var(--hue);cursor:pointer;z-index:2}
.map label::before{content:"";position:absolute;inset:-.35rem}
.map label.image{width:7%;height:7%;margin:-3.5% 0 0 -3.5%;border-radius:4px;padding:2px;z-index:1}
.map label>.tile{display:none}
.map label.image>.tile{display:block}
.map input{position:absolute;opacity:0;inset:0;margin:0;width:100%;height:100%;cursor:pointer}
.map span{position:absolute;opacity:0;pointer-events:none;width:max-content;max-width:11rem;background:var(--page);
border:1px solid var(--line);border-radius:4px;padding:.1rem .4rem;font-size:.8rem;line-height:1.3}
.map .right>span{left:100%;margin-left:4.2rem}
.map .left>span{right:100%;margin-right:4.2rem}
.map .below>span{top:0}
.map .above>span{bottom:0}
.map label:hover,.map label:has(:checked),.map label:has(:focus-visible){z-index:3}
.map label:hover{z-index:4}
.map label:hover>span,.map input:focus-visible~span,.map input:checked~span{opacity:1}
.map label:hover>.tile,.map input:focus-visible~.tile,.map input:checked~.tile{display:block;position:absolute;
width:max(6rem,100%);border:3px solid var(--hue);border-radius:6px;background:var(--page)}
.map .right>.tile{left:0}
.map .left>.tile{right:0}
.map .below>.tile{top:0}
.map .above>.tile{bottom:0}
.map .right>span{margin-left:0;left:max(6.3rem,calc(100% + .3rem))}
.map .left>span{margin-right:0;right:max(6.3rem,calc(100% + .3rem))}
.map b.class{position:absolute;transform:translate(-50%,-50%);z-index:2;pointer-events:none;font-size:.95rem;color:var(--ink);
background:color-mix(in srgb,var(--page) 78%,transparent);border-bottom:3px solid var(--hue);border-radius:4px;padding:0 .35rem;
max-width:9rem;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.neighbours{table-layout:fixed;width:auto;min-width:min(100%,40rem)}
.neighbours th,.neighbours td{width:5rem;padding:.25rem;border-bottom:0;text-align:center}
.neighbours th[scope=row]{padding-right:.4rem}
.neighbours small{display:block;line-height:1.25;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.neighbours .tile{border:3px solid var(--line)}
.neighbours .same .tile{border-color:var(--good)}
.neighbours .other .tile{border:3px dashed var(--bad)}
.neighbours .other small:first-of-type{color:var(--bad)}
.confused{list-style:none;padding:0;display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,22rem),1fr));gap:1rem 2rem;margin:.5rem 0}
.confused li{break-inside:avoid}
.tiles{display:grid;grid-template-columns:repeat(6,minmax(0,4rem));gap:.3rem;margin-top:.25rem}
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
.neighbours th,.neighbours td{padding:.12rem;font-size:.75rem;width:auto}
.accuracy td.number small{white-space:normal}
.neighbours{width:100%;min-width:0}
.map label{width:.5rem;height:.5rem;margin:-.25rem 0 0 -.25rem}
}
@media print{
html{font-size:12px}
body{max-width:none;padding:0}
h2{margin-top:1.75rem}
.sheet img{max-width:24rem}
.map{max-width:28rem;break-inside:avoid}
.map span{display:none}
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
