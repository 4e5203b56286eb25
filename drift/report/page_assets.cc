#include "drift/report/page_assets.h"

namespace drift {

const char kPageStyle[] = R"css(
:root{--bg:#f4f5f7;--card:#fff;--ink:#161a20;--soft:#5b6572;--line:#e2e5ea;--ref:#98a4b3;--cur:#1d5ce0;
--stable:#0e6b41;--warning:#8a5000;--drifted:#b52a18;--quiet:#566070;--observing:#6b46c1;
--stable-bg:#dff3e8;--warning-bg:#fdeccb;--drifted-bg:#fde3df;--quiet-bg:#e8ebef;--observing-bg:#ece6fa;
--cur-fill:#2563eb59;--h0:#f1f4f7;--h1:#e3ecdc;--h2:#fbe3b0;--h3:#f6b8ae;--h4:#b52a18;--h4-ink:#fff}
@media screen and (prefers-color-scheme:dark){:root{--bg:#0f1216;--card:#181d23;--ink:#e9edf2;--soft:#9aa5b3;
--line:#2a313a;
--ref:#6f7c8a;--cur:#6ea0ff;--stable:#5fd39a;--warning:#f2b544;--drifted:#ff8374;--quiet:#a3aebb;--observing:#b79cf7;
--stable-bg:#123524;--warning-bg:#3a2a0b;--drifted-bg:#44190f;--quiet-bg:#262d36;--observing-bg:#2c2350;
--cur-fill:#6ea0ff66;--h0:#20272f;--h1:#25352b;--h2:#4d3a10;--h3:#6b2518;--h4:#b93523;--h4-ink:#fff}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;
-webkit-text-size-adjust:100%}
.page{max-width:1080px;margin:0 auto;padding:28px 24px 56px;overflow-wrap:anywhere}
h1,h2,h3,p,dl,dd,ul{margin:0;padding:0}
h1{font-size:1.75rem;line-height:1.2;letter-spacing:-.015em;overflow-wrap:anywhere}
h2{font-size:1.06rem;letter-spacing:-.005em}
small,.note,.under,.kind,.version,footer{color:var(--soft)}
a{color:var(--cur)}
code{font:0.92em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
:focus-visible{outline:2px solid var(--cur);outline-offset:2px;border-radius:4px}
.top{display:flex;justify-content:space-between;align-items:flex-end;gap:16px;margin-bottom:20px}
.brand{font-size:.8rem;font-weight:600;letter-spacing:.08em;text-transform:uppercase;color:var(--soft)}
.version{font-size:.95rem;font-weight:400;letter-spacing:0}
.live{display:flex;align-items:center;gap:8px;font-size:.86rem;color:var(--soft);white-space:nowrap;
padding-bottom:4px}
.live i{width:9px;height:9px;border-radius:50%;background:var(--stable)}
.live.lost i{background:var(--drifted)}
.badge{display:inline-block;font-size:.76rem;font-weight:650;line-height:1;padding:5px 9px;border-radius:99px;
color:var(--quiet);background:var(--quiet-bg);white-space:nowrap}
.badge.stable{color:var(--stable);background:var(--stable-bg)}
.badge.warning{color:var(--warning);background:var(--warning-bg)}
.badge.drifted{color:var(--drifted);background:var(--drifted-bg)}
.badge.observing{color:var(--observing);background:var(--observing-bg)}
.verdict{background:var(--card);border:1px solid var(--line);border-left:5px solid var(--quiet);border-radius:12px;
padding:20px 22px}
.verdict.stable{border-left-color:var(--stable)}.verdict.warning{border-left-color:var(--warning)}
.verdict.drifted{border-left-color:var(--drifted)}.verdict.observing{border-left-color:var(--observing)}
.verdict h2{font-size:1.34rem;line-height:1.3;letter-spacing:-.015em;margin:10px 0 4px;text-wrap:pretty}
.verdict p{color:var(--soft);max-width:90ch}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:1px;background:var(--line);
border:1px solid var(--line);
border-radius:12px;
overflow:hidden;margin:16px 0 0}
.tiles>div{background:var(--card);padding:13px 18px}
.tiles dt{font-size:.82rem;color:var(--soft)}
.tiles dd{font-size:1.34rem;font-weight:620;letter-spacing:-.01em;font-variant-numeric:tabular-nums}
.tiles dd.under{font-size:.82rem;font-weight:400;letter-spacing:0;min-height:1.2em}
.warnings{margin-top:16px;background:var(--warning-bg);border-radius:12px;padding:14px 20px}
.warnings h2{color:var(--warning);font-size:.95rem}
.warnings ul{padding-left:1.15em;font-size:.93rem}
nav ul{display:flex;flex-wrap:wrap;gap:4px 18px;list-style:none;margin:20px 0 0;font-size:.92rem}
nav a{text-decoration:none}nav a:hover{text-decoration:underline}
.skip{position:absolute;left:-999px;top:8px;background:var(--card);padding:8px 14px;border-radius:8px;z-index:1}
.skip:focus{left:12px}
main:focus{outline:none}
.heard{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.key{display:flex;flex-wrap:wrap;align-items:center;gap:4px 8px;font-size:.82rem;color:var(--soft);margin-top:4px}
.key .ref,.key .cur{width:14px;height:12px;border-radius:2px}
.key .ref{background:var(--ref)}.key .cur{background:var(--cur-fill);border:1.5px solid var(--cur);margin-left:10px}
section>h2{margin:28px 0 10px}
.verdict h2,.warnings h2{margin-top:0}.verdict h2{margin-top:10px}
.card{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:16px 20px 14px;
margin-bottom:12px}
.card.drifted{border-left:4px solid var(--drifted)}.card.warning{border-left:4px solid var(--warning)}
.card header{display:flex;align-items:baseline;gap:10px;margin-bottom:8px}
.card h3{font-size:1.1rem;line-height:1.3;overflow-wrap:anywhere}
.kind{font-size:.84rem;flex:1;white-space:nowrap}
.reason{font-size:.93rem;color:var(--soft);margin-bottom:8px}
.body{display:grid;grid-template-columns:minmax(0,1.18fr) minmax(0,1fr);gap:30px;align-items:start}
figure{margin:0}
svg{display:block;width:100%;height:auto}
.histogram text{font-size:11.5px;fill:var(--soft);font-variant-numeric:tabular-nums}
.histogram .base{stroke:var(--line);stroke-width:1}
.histogram .hit{fill:transparent}
.histogram g:hover .hit{fill:var(--line);opacity:.5}
.histogram .ref{fill:var(--ref)}
.histogram .cur{fill:var(--cur-fill);stroke:var(--cur);stroke-width:1.4}
.meter{margin-bottom:12px}
.reading{display:flex;justify-content:space-between;align-items:baseline}
.what{font-size:.88rem;color:var(--soft)}
.value{font-size:1.2rem;font-weight:640;font-variant-numeric:tabular-nums;letter-spacing:-.01em}
.bar{position:relative;height:8px;border-radius:4px;background:var(--quiet-bg);margin:3px 0 4px}
.bar b{position:absolute;inset:0 auto 0 0;border-radius:4px;min-width:3px}
.bar b.stable{background:var(--stable)}.bar b.warning{background:var(--warning)}
.bar b.drifted{background:var(--drifted)}
.bar b.beyond{border-radius:4px 0 0 4px}
.tick{position:absolute;top:-3px;bottom:-3px;width:2px;margin-left:-1px;background:var(--soft)}
.tick.alert{background:var(--ink)}
.scale{display:flex;justify-content:space-between;gap:10px;flex-wrap:wrap;font-size:.8rem;color:var(--soft);
font-variant-numeric:tabular-nums}
.course{height:40px;margin-top:2px;overflow:visible}
.course polyline{fill:none;stroke:var(--cur);stroke-width:1.75;vector-effect:non-scaling-stroke;stroke-linejoin:round}
.course line{stroke:var(--soft);stroke-width:1;stroke-dasharray:2 3;vector-effect:non-scaling-stroke}
.course .alert{stroke:var(--drifted);stroke-dasharray:5 3}
.quality text{font-size:11.5px;fill:var(--soft);font-variant-numeric:tabular-nums}
.quality .base{stroke:var(--line)}.quality polyline{fill:none;stroke:var(--cur);stroke-width:2;stroke-linejoin:round}
.quality circle{fill:var(--cur)}.quality .labels{fill:var(--ref)}
.quality .alarm line{stroke:var(--drifted);stroke-width:1.2;stroke-dasharray:5 3}
.quality .alarm text{fill:var(--drifted);paint-order:stroke;stroke:var(--card);stroke-width:4px}
#quality th,#quality td{padding-right:9px}#quality .body{grid-template-columns:minmax(0,1fr) minmax(0,1fr)}
.appeared{margin-top:10px}.appeared h4{margin:0;font-size:.82rem;font-weight:500;color:var(--soft)}
.appeared ul{display:flex;flex-wrap:wrap;gap:6px;list-style:none;margin-top:4px}
.appeared li{font-size:.86rem;padding:2px 9px;border-radius:99px;background:var(--quiet-bg);overflow-wrap:anywhere}
.facts{display:flex;flex-wrap:wrap;gap:4px 24px;margin-top:10px;padding-top:9px;border-top:1px solid var(--line)}
.facts dt{font-size:.78rem;color:var(--soft)}
.facts dd{font-size:.95rem;font-weight:560;font-variant-numeric:tabular-nums}
.facts small{font-weight:400}
details{margin-top:10px}
summary{cursor:pointer;font-size:.88rem;color:var(--soft);width:fit-content}
.scroll{overflow-x:auto;margin-top:8px;position:relative}
.card.scroll{margin-top:0}
.tables{display:flex;flex-wrap:wrap;gap:8px 48px;align-items:flex-start}.tables>*{max-width:100%}
table{border-collapse:collapse;font-size:.86rem;font-variant-numeric:tabular-nums;white-space:nowrap}
th,td{padding:4px 12px 4px 0;text-align:right;border-bottom:1px solid var(--line)}
th:first-child{text-align:left;font-weight:500}
tbody th{max-width:20em;overflow:hidden;text-overflow:ellipsis}
thead th{font-weight:500;color:var(--soft)}
.note{font-size:.86rem;margin-top:6px}
caption{text-align:left;color:var(--soft);font-size:.82rem;padding-bottom:4px}
div.heat{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:10px 14px}
.heat td,.heat th{padding:4px 6px;border:1.5px solid var(--card);text-align:center}
.heat tbody th,.heat th:first-child{text-align:left;position:sticky;left:-14px;background:var(--card);
max-width:16em;overflow:hidden;text-overflow:ellipsis}
.heat small{display:block;font-weight:400;font-size:.74rem}
.heat td{border-radius:7px;min-width:50px}
.heat b{font-size:.7em;margin-right:3px;vertical-align:1px}
.heat i{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.h0{background:var(--h0)}.h1{background:var(--h1)}.h2{background:var(--h2)}.h3{background:var(--h3)}
.h4{background:var(--h4);color:var(--h4-ink)}.h3,.h4{font-weight:620}
ul.key{list-style:none;gap:6px 18px;padding:8px 2px}.key li{display:flex;gap:6px;align-items:center}
.key.heat span{display:inline-block;min-width:30px;height:18px;line-height:18px;border-radius:5px;text-align:center;
border:1px solid var(--line);color:var(--ink)}
.key.heat .h4{color:var(--h4-ink)}
.how dl{max-width:80ch;margin:8px 0;font-size:.95rem}.how dt{font-weight:600;margin-top:12px}
.how dd{color:var(--soft)}
.how dd b{color:var(--ink);font-weight:560}
.how summary h2{display:inline;margin:0;color:var(--ink)}
#overview table{width:100%}#overview td:nth-child(2){text-align:left}#overview th:nth-child(2){text-align:left}
.sides td{white-space:normal;min-width:9em;text-align:left;overflow-wrap:anywhere;vertical-align:top}
.sides th{text-align:left;vertical-align:top}.sides code{overflow-wrap:anywhere}
footer{font-size:.82rem;margin-top:20px;overflow-wrap:anywhere}
.models{list-style:none}
.models li{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:14px 20px;
margin-bottom:10px;display:flex;gap:12px;align-items:baseline}
.models a{font-weight:600;font-size:1.05rem}.models .version{flex:1}
@media screen and (max-width:720px){.page{padding:18px 14px 40px}
.body,#quality .body{grid-template-columns:minmax(0,1fr);gap:12px}
h1{font-size:1.45rem}.histogram text{font-size:12.2px}
.verdict h2{font-size:1.2rem}.top{align-items:flex-start}
.card{padding:14px 14px 12px}.verdict{padding:16px}}
@page{margin:14mm}
@media print{*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
html{font-size:11.5px}body{background:#fff;font-size:1rem}.page{max-width:none;padding:0}
.skip,nav,#live,.card details:not([open]){display:none}
.card,.verdict,.tiles,.warnings,tr{break-inside:avoid}h2{break-after:avoid}
.card{padding:8px 14px;margin-bottom:8px}.body{gap:18px}.meter{margin-bottom:5px}.histogram{max-height:44mm}
#overview .card{break-inside:auto}.how summary{list-style:none}#quality table{font-size:7pt}
#quality .badge{padding:2px 6px}
.how,.how dl{break-inside:auto}.how dt{break-after:avoid}.how::details-content{content-visibility:visible;
display:block}
.scroll{overflow:visible}.heat table{font-size:6.4pt;table-layout:fixed;width:100%}
.heat td{min-width:0}
.heat small{font-size:5.4pt}.heat th:first-child{width:15%}
.heat td,.heat th{padding:2px 0}
.heat b{font-size:.55em;margin-right:1px}.heat thead th{white-space:normal;overflow-wrap:anywhere}
.heat tbody th,.heat th:first-child{position:static;max-width:9em}a{color:inherit}}
)css";

const char kPageScript[] = R"js(
"use strict";
const every = Number(document.currentScript.dataset.every);
const main = document.getElementById("main");
const live = document.getElementById("live");
const address = new URL(location.href);
address.hash = "";
address.searchParams.set("part", "1");
let last = Date.now();
const timeOf = root => root.querySelector("[data-time]")?.dataset.time;
function show(text) {
  const fresh = document.createElement("main");
  fresh.innerHTML = text;
  if (timeOf(fresh) === timeOf(main)) return;
  const open = new Set([...main.querySelectorAll("details[open]")].map(d => d.dataset.key));
  const scrolled = new Map([...main.querySelectorAll(".scroll")].map(s => [s.dataset.key, s.scrollLeft]));
  const focused = document.activeElement?.closest("main [data-key]")?.dataset.key;
  for (const d of fresh.querySelectorAll("details")) d.open = open.has(d.dataset.key);
  main.replaceChildren(...fresh.childNodes);
  for (const s of main.querySelectorAll(".scroll")) s.scrollLeft = scrolled.get(s.dataset.key) || 0;
  for (const e of focused === undefined ? [] : main.querySelectorAll("[data-key]")) {
    if (e.dataset.key === focused) (e.querySelector("summary") || e).focus({preventScroll: true});
  }
}
async function refresh() {
  try {
    const reply = await fetch(address, {cache: "no-store"});
    if (!reply.ok) throw new Error(reply.status);
    show(await reply.text());
    last = Date.now();
    live.classList.remove("lost");
    live.lastElementChild.textContent = "live";
  } catch {
    live.classList.add("lost");
    live.lastElementChild.textContent = "no answer for " + Math.round((Date.now() - last) / 1000) + " s";
  }
  setTimeout(refresh, every);
}
setTimeout(refresh, every);
)js";

const char kPageScriptSha256[] = "yNKBhiSBJ0kEvUdRe5fwxRAKfGlcGT6pjsiBaH5XRQw=";

}  // namespace drift
