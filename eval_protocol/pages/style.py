"""How report pages look: light and dark, on a phone, on paper; nothing is fetched from elsewhere."""

STYLE = """
:root { color-scheme: light dark;
  --page: #f7f6f3; --card: #ffffff; --ink: #23211e; --soft: #68635b; --line: #e3dfd8; --rail: #efece6;
  --accent: #3d6fa5; --mark: #a8481f; --good: #27734a; --good-bg: #e7f3eb; --bad: #a03636; --bad-bg: #f8e9e8;
  --p0: #3d6fa5; --p1: #c0671f; --p2: #4a8a55; --p3: #8d5aa8; --p4: #b0486a; --p5: #5d7a86; --paper: #9b958a; }
@media (prefers-color-scheme: dark) { :root {
  --page: #171614; --card: #201f1c; --ink: #e9e5de; --soft: #a8a196; --line: #3a3732; --rail: #2b2925;
  --accent: #7fa9d6; --mark: #e0895f; --good: #7cc79a; --good-bg: #1d3326; --bad: #e89590; --bad-bg: #3b2222;
  --p0: #7fa9d6; --p1: #e39a5a; --p2: #84c08f; --p3: #c09ad8; --p4: #e28aa5; --p5: #9db8c3; --paper: #77726a; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 28px 20px 64px; }
h1 { font-size: 24px; line-height: 1.25; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 17px; margin: 34px 0 10px; } h3 { font-size: 14px; margin: 0 0 8px; }
p { margin: 6px 0; } a { color: var(--accent); } small, .soft { color: var(--soft); }
.mono { font-family: ui-monospace, monospace; font-size: 12.5px; overflow-wrap: anywhere; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 14px 16px; }
.card + .card { margin-top: 12px; }
.verdict { border-left: 5px solid var(--accent); margin: 18px 0 8px; }
.verdict.better { border-left-color: var(--good); } .verdict.worse { border-left-color: var(--bad); }
.verdict.inconclusive { border-left-color: var(--mark); } .verdict.sealed { border-left-color: var(--soft); }
.verdict b.word { font-size: 26px; line-height: 1.2; display: block; }
.rate { display: flex; flex-wrap: wrap; gap: 6px 26px; align-items: baseline; }
.rate b { font-size: 42px; line-height: 1.1; } .open { color: var(--mark); font-weight: 600; }
.two { display: grid; gap: 14px; grid-template-columns: repeat(auto-fit, minmax(min(430px, 100%), 1fr)); }
.two > .card { margin: 0; } .maps { display: grid; gap: 18px; }
.maps { grid-template-columns: repeat(auto-fit, minmax(min(300px, 100%), 1fr)); }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; background: var(--card); }
th, td { border: 1px solid var(--line); padding: 6px 9px; text-align: left; vertical-align: top; }
th { font-weight: 600; } .num td:not(:first-child), .num th:not(:first-child) { text-align: center; }
.num td, .num th { min-width: 74px; } .num td:first-child { min-width: 150px; } .own { font-weight: 600; }
.trials td { min-width: 178px; } .trials td:first-child { min-width: 116px; }
.attempts td:last-child { min-width: 210px; overflow-wrap: anywhere; }
.good { color: var(--good); } .bad { color: var(--bad); } td.ok { background: var(--good-bg); }
td.no { background: var(--bad-bg); }
video { width: 100%; max-width: 260px; aspect-ratio: 4 / 3; display: block; margin-top: 6px; border-radius: 4px;
  background: #000; object-fit: contain; }
dl { display: grid; grid-template-columns: minmax(110px, max-content) 1fr; gap: 4px 18px; margin: 0; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; min-width: 0; }
pre { white-space: pre-wrap; margin: 0; }
ul { margin: 6px 0; padding-left: 20px; } li { overflow-wrap: anywhere; }
.key { display: inline-flex; flex-wrap: wrap; gap: 4px 18px; margin: 0 0 8px; font-size: 13px; }
.key svg { width: 28px; height: 10px; margin-right: 6px; }
.c0 { --c: var(--p0); } .c1 { --c: var(--p1); } .c2 { --c: var(--p2); } .c3 { --c: var(--p3); }
.c4 { --c: var(--p4); } .c5 { --c: var(--p5); } .reference { --c: var(--paper); }
.chart { display: block; overflow: visible; margin: 4px 0; font-size: 12.5px; }
.chart text { fill: var(--ink); } .chart text.tick { fill: var(--soft); font-size: 11.5px; }
.chart text.value { fill: var(--ink); font-variant-numeric: tabular-nums; white-space: pre; }
.chart text.name { font-weight: 600; } .chart text.small { font-size: 11px; }
.chart .grid { stroke: var(--line); stroke-width: 1; } .chart .zero { stroke: var(--soft); stroke-width: 1.2; }
.chart .rail { fill: var(--rail); } .chart .bar { fill: var(--c); fill-opacity: .55; }
.chart .interval { fill: var(--c); fill-opacity: .38; } .chart .whisker { stroke: var(--c); stroke-width: 1.5; }
.chart .fill { fill: var(--c); } .chart .hollow { fill: var(--card); stroke: var(--c); stroke-width: 1.5; }
.chart .median { stroke: var(--mark); stroke-width: 2; }
.chart .cell { fill: var(--c); stroke: var(--line); }
.curve { stroke: var(--c); stroke-width: 2.2; stroke-linecap: round; }
.curve.d1 { stroke-dasharray: 6 4; } .curve.d2 { stroke-dasharray: 2 4; }
@media (max-width: 560px) { main { padding: 18px 12px 40px; } h1 { font-size: 20px; } .card { padding: 12px; }
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: 6px; } .chart { font-size: 11.5px; } }
@media print { :root { color-scheme: light;
  --page: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #bbb; --rail: #eee;
  --accent: #3d6fa5; --mark: #a8481f; --good: #27734a; --good-bg: #eef6f0; --bad: #a03636; --bad-bg: #faf0ef;
  --p0: #3d6fa5; --p1: #c0671f; --p2: #4a8a55; --p3: #8d5aa8; --p4: #b0486a; --p5: #5d7a86; --paper: #8b857a; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } main { max-width: none; padding: 0; }
  .card, tr, .chart, .maps > div { break-inside: avoid; } h2 { break-after: avoid; } video { display: none; }
  .wide { overflow: visible !important; } table { font-size: 10.5px; }
  th, td { padding: 3px 5px; } td, th, .num td, .num th, .attempts td:last-child { min-width: 0 !important; }
  details::details-content { content-visibility: visible; display: block; height: auto; } }
"""
