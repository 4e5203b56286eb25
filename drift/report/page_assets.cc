#include "drift/report/page_assets.h"

namespace drift {

const char kPageStyle[] = R"css(
:root{--bg:#f4f5f7;--card:#fff;--ink:#161a20;--soft:#5b6572;--line:#e2e5ea;--ref:#aab4c1;--cur:#2563eb;
--stable:#157f4f;--warning:#a86400;--drifted:#c8321f;--quiet:#667080;--observing:#6b46c1;
--stable-bg:#dff3e8;--warning-bg:#fdeccb;--drifted-bg:#fde3df;--quiet-bg:#e8ebef;--observing-bg:#ece6fa}
@media (prefers-color-scheme:dark){:root{--bg:#0f1216;--card:#181d23;--ink:#e9edf2;--soft:#9aa5b3;--line:#2a313a;
--ref:#66727f;
--cur:#6ea0ff;--stable:#5fd39a;--warning:#f2b544;--drifted:#ff8374;--quiet:#a3aebb;--observing:#b79cf7;
--stable-bg:#123524;--warning-bg:#3a2a0b;--drifted-bg:#44190f;--quiet-bg:#262d36;--observing-bg:#2c2350}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;
-webkit-text-size-adjust:100%}
.page{max-width:1080px;margin:0 auto;padding:28px 24px 56px}
h1,h2,h3,p,dl,dd,ul{margin:0;padding:0}
h1{font-size:1.75rem;line-height:1.2;letter-spacing:-.015em;overflow-wrap:anywhere}
h2{font-size:1.06rem;letter-spacing:-.005em}
small,.note,.under,.kind,.version,footer{color:var(--soft)}
a{color:var(--cur)}
code{font:0.92em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
:focus-visible{outline:2px solid var(--cur);outline-offset:2px;border-radius:4px}
.top{display:flex;justify-content:space-between;align-items:flex-end;gap:16px;margin-bottom:20px}
.brand{font-size:.8rem;font-weight:600;letter-spacing:.08em;text-transform:uppercase;color:var(--soft)}
.version{font-size:.95rem;font-weight:400;letter-spacing:0;white-space:nowrap}
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
.verdict h2{font-size:1.42rem;line-height:1.3;letter-spacing:-.015em;margin:10px 0 4px;text-wrap:balance}
.verdict p{color:var(--soft);max-width:72ch}
.tiles{display:grid;grid-template-columns:repeat(4,1fr);gap:1px;background:var(--line);border:1px solid var(--line);
border-radius:12px;
overflow:hidden;margin:16px 0 0}
.tiles>div{background:var(--card);padding:13px 18px}
.tiles dt{font-size:.82rem;color:var(--soft)}
.tiles dd{font-size:1.34rem;font-weight:620;letter-spacing:-.01em;font-variant-numeric:tabular-nums}
.tiles dd.under{font-size:.82rem;font-weight:400;letter-spacing:0;min-height:1.2em}
.warnings{margin-top:16px;background:var(--warning-bg);border-radius:12px;padding:14px 20px}
.warnings h2{color:var(--warning);font-size:.95rem}
.warnings ul{padding-left:1.15em;font-size:.93rem}
.legend{display:flex;align-items:center;justify-content:flex-end;font-size:.86rem;color:var(--soft);
margin:26px 0 -26px;gap:6px}
.key{width:14px;height:14px;border-radius:3px;margin-left:12px}
.key.ref{background:var(--ref)}.key.cur{background:var(--cur);opacity:.8}
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
.histogram .ref{fill:var(--ref);opacity:.75}
.histogram .cur{fill:var(--cur);fill-opacity:.62;stroke:var(--cur);stroke-width:1}
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
.course{height:34px;margin-top:2px;overflow:visible}
.course polyline{fill:none;stroke:var(--cur);stroke-width:1.75;vector-effect:non-scaling-stroke;stroke-linejoin:round}
.course line{stroke:var(--soft);stroke-width:1;stroke-dasharray:3 3;vector-effect:non-scaling-stroke}
.facts{display:flex;flex-wrap:wrap;gap:4px 24px;margin-top:10px;padding-top:9px;border-top:1px solid var(--line)}
.facts dt{font-size:.78rem;color:var(--soft)}
.facts dd{font-size:.95rem;font-weight:560;font-variant-numeric:tabular-nums}
.facts small{font-weight:400}
details{margin-top:10px}
summary{cursor:pointer;font-size:.88rem;color:var(--soft);width:fit-content}
.scroll{overflow-x:auto;margin-top:8px}
.tables{display:flex;flex-wrap:wrap;gap:8px 48px;align-items:flex-start}.tables>*{max-width:100%}
table{border-collapse:collapse;font-size:.86rem;font-variant-numeric:tabular-nums;white-space:nowrap}
th,td{padding:4px 12px 4px 0;text-align:right;border-bottom:1px solid var(--line)}
th:first-child{text-align:left;font-weight:500}
thead th{font-weight:500;color:var(--soft)}
.note{font-size:.86rem;margin-top:6px}
.heat{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:10px 16px}
.heat td,.heat th{padding:5px 9px;border:2px solid var(--card);text-align:center}
.heat th:first-child{text-align:left;position:sticky;left:-16px;background:var(--card)}
.heat small{display:block;font-weight:400;font-size:.74rem}
.heat td{border-radius:7px;min-width:62px}
.heat td.stable{background:var(--stable-bg)}.heat td.warning{background:var(--warning-bg)}
.heat td.drifted{background:var(--drifted-bg);font-weight:620}.heat td.none{color:var(--soft)}
.how{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:12px 20px;margin-top:28px}
.how p{max-width:78ch;margin:10px 0;font-size:.95rem}
.how summary{font-size:.95rem;color:var(--ink);font-weight:560}
footer{font-size:.82rem;margin-top:20px;overflow-wrap:anywhere}
.models{list-style:none}
.models li{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:14px 20px;
margin-bottom:10px;display:flex;gap:12px;align-items:baseline}
.models a{font-weight:600;font-size:1.05rem}.models .version{flex:1}
@media (max-width:720px){.page{padding:18px 14px 40px}.body{grid-template-columns:minmax(0,1fr);gap:12px}
.tiles{grid-template-columns:repeat(2,1fr)}h1{font-size:1.45rem}.histogram text{font-size:12.2px}
.verdict h2{font-size:1.2rem}.top{align-items:flex-start}
.card{padding:14px 14px 12px}.verdict{padding:16px}.legend{justify-content:flex-start;margin:18px 0 -18px}
.key:first-child{margin-left:0}}
@media print{.live,.how summary{display:none}body{background:#fff}.card,.verdict,.tiles{break-inside:avoid}}
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
  const scrolled = [...main.querySelectorAll(".scroll")].map(s => s.scrollLeft);
  const focused = document.activeElement?.closest("details")?.dataset.key;
  for (const d of fresh.querySelectorAll("details")) d.open = open.has(d.dataset.key);
  main.replaceChildren(...fresh.childNodes);
  [...main.querySelectorAll(".scroll")].forEach((s, i) => { s.scrollLeft = scrolled[i] || 0; });
  if (focused !== undefined) {
    for (const d of main.querySelectorAll("details")) {
      if (d.dataset.key === focused) d.querySelector("summary").focus({preventScroll: true});
    }
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

const char kPageScriptSha256[] = "1+IsMRO53UTv7rENAC4x3khQUKLdDz7BFvzdDtLD580=";

}  // namespace drift
