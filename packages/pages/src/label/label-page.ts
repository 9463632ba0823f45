import { REPORT_STYLE } from "@simclr/report";

const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'";

const OWN_STYLE = `
body{max-width:56rem;padding-top:.75rem}
[hidden]{display:none!important}
progress{width:100%;height:.6rem;accent-color:var(--accent)}
#picture{display:flex;justify-content:center;align-items:center;height:min(58vh,40rem);margin:.6rem 0;background:var(--panel);
border:1px solid var(--line);border-radius:8px;overflow:hidden}
#picture img{width:100%;height:100%;object-fit:contain}
#picture img.tiny{image-rendering:pixelated}
#classes,.actions{display:flex;flex-wrap:wrap;gap:.5rem;margin:.6rem 0;padding:0;list-style:none}
#classes li{flex:1 1 8rem;display:flex}
button,input[type=text]{font:inherit;color:var(--ink);background:var(--panel);border:1px solid var(--muted);border-radius:6px;
min-height:2.75rem;padding:.4rem .8rem}
button{cursor:pointer}
button[disabled]{opacity:.55;cursor:default}
#classes button{width:100%;text-align:left;font-weight:600;border-color:var(--accent)}
kbd{font:.85rem ui-monospace,Menlo,Consolas,monospace;border:1px solid var(--muted);border-radius:4px;padding:.05rem .35rem;
margin-right:.5rem;background:var(--page)}
form{display:flex;flex-wrap:wrap;gap:.5rem;align-items:center}
input[type=text]{flex:1 1 10rem;min-width:0}
#problem{border-left-color:var(--bad)}
@media (pointer:coarse){kbd{display:none}}
@media (max-width:30rem){#picture{height:44vh}}
`;

/** The page without what it shows, which its script fetches. */
export const LABEL_PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Label images</title>
<link rel="icon" href="data:,">
<style>${REPORT_STYLE}${OWN_STYLE}</style>
<script src="label.js" defer></script>
</head>
<body>
<main>
<h1 id="title">Label images</h1>
<progress id="progress" aria-label="Images answered" max="1" value="0"></progress>
<p id="status" role="status"></p>
<p id="problem" class="status" role="alert" hidden></p>
<div id="asking" hidden>
<div id="picture"></div>
<ul id="classes" aria-label="Classes"></ul>
<form id="new"><label for="name">Another class</label><input type="text" id="name" maxlength="100" autocomplete="off"
autocapitalize="off" spellcheck="false"><button><kbd aria-hidden="true">n</kbd>Label with it</button></form>
</div>
<div class="actions">
<button type="button" id="undo" aria-keyshortcuts="u Backspace"><kbd aria-hidden="true">u</kbd>Undo</button>
<button type="button" id="skip" aria-keyshortcuts="s ArrowRight"><kbd aria-hidden="true">s</kbd>Skip</button>
<button type="button" id="revisit" hidden>Ask for the skipped again</button>
</div>
<p class="note"><label><input type="checkbox" id="keys" checked> Keys answer at once</label></p>
<p class="note" id="where"></p>
</main>
</body>
</html>
`;
