/** The report's style, embedded so that the page is self-contained; light or dark by the reader's system setting. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #f6f7f9; --card: #ffffff; --text: #1c2330; --dim: #5b6576; --line: #dde2ea; --track: #eef1f5;
  --changed: #2f6fde; --unchanged: #93a0b4; --failed: #c8322b; --skipped: #b9c2d0; --ok: #1b7f4d; --warn: #9a6200;
  --path: #d9730d; --chip: #e8eefb;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #12161d; --card: #1a2029; --text: #e4e9f1; --dim: #97a3b6; --line: #2c3543; --track: #222a36;
    --changed: #6a9cf5; --unchanged: #6b778b; --failed: #f2726b; --skipped: #4c5668; --ok: #4fc38a; --warn: #e0a83f;
    --path: #f2994a; --chip: #24324d;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1200px; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.1rem; margin: 0 0 .8rem; } h3 { font-size: 1rem; margin: 1rem 0 .4rem; }
.dim { color: var(--dim); } code, pre { font: 13px/1.45 ui-monospace, monospace; } code { overflow-wrap: anywhere; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1rem 1.2rem; margin-top: 1rem; }
.pill { display: inline-block; border-radius: 99px; padding: .05rem .7rem; color: var(--card); font-size: .85rem; font-weight: 600; vertical-align: middle; white-space: nowrap; }
.pill.ok { background: var(--ok); } .pill.failed { background: var(--failed); } .pill.open { background: var(--warn); }
.figures { display: flex; flex-wrap: wrap; gap: .6rem 2rem; margin: .8rem 0 0; padding: 0; list-style: none; }
.figures + .table { margin-top: 1rem; }
.figures b { display: block; font-size: 1.3rem; line-height: 1.2; }
.problem { border-left: 4px solid var(--failed); padding: .1rem 0 .1rem .9rem; margin: .8rem 0; }
.problem pre { background: var(--track); padding: .6rem; border-radius: 6px; overflow-x: auto; max-height: 24rem; }
.notes { margin: .4rem 0; padding-left: 1.2rem; } .notes li { overflow-wrap: anywhere; }
.gantt { font-size: 13px; }
.row { display: grid; grid-template-columns: minmax(11rem, 17rem) 1fr 4.6rem; gap: .6rem; align-items: center; min-height: 1.45rem; }
.row .label { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.row .time { text-align: right; color: var(--dim); font-variant-numeric: tabular-nums; white-space: nowrap; }
.track { position: relative; height: .85rem; background: var(--track); border-radius: 3px; }
.bar { position: absolute; top: 0; bottom: 0; min-width: 3px; border-radius: 3px; background: var(--unchanged); }
.bar.changed { background: var(--changed); } .bar.failed { background: var(--failed); } .bar.skipped { background: var(--skipped); }
.bar.open { background: repeating-linear-gradient(45deg, var(--warn) 0 6px, var(--track) 6px 10px); }
.path .bar { outline: 2px solid var(--path); outline-offset: 1px; } .path .label { font-weight: 600; } .path .label::before { content: '◆ '; color: var(--path); }
.axis .track { background: none; height: 1.1rem; } .tick { position: absolute; transform: translateX(-50%); color: var(--dim); font-size: 11px; white-space: nowrap; }
.tick:first-child { transform: none; } .tick.end { transform: translateX(-100%); }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; margin: .7rem 0 0; color: var(--dim); font-size: 12px; }
.key { display: inline-block; width: .8rem; height: .8rem; border-radius: 3px; margin-right: .35rem; vertical-align: -1px; }
.nodes { display: grid; grid-template-columns: repeat(auto-fill, minmax(200px, 1fr)); gap: .7rem; }
.node { border: 1px solid var(--line); border-top: 4px solid var(--changed); border-radius: 8px; padding: .6rem .8rem; }
.node.manager { border-top-color: var(--path); } .node.away { opacity: .6; border-style: dashed; border-top-style: solid; border-top-color: var(--failed); }
.node b { overflow-wrap: anywhere; }
.chip { display: inline-block; background: var(--chip); border-radius: 5px; padding: 0 .45rem; margin: .25rem .25rem 0 0; font-size: 12.5px; }
.chip i { display: inline-block; width: .6rem; height: .6rem; border-radius: 99px; margin-right: .35rem; }
.chip.bad { outline: 1.5px solid var(--failed); }
.table { overflow-x: auto; } table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .3rem .9rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--dim); font-weight: 500; } tr:last-child td { border-bottom: 0; } td { overflow-wrap: anywhere; }
a { color: var(--changed); } details.stage > summary { margin: 0; color: var(--text); font-weight: 600; font-size: 1.1rem; }
details > summary { cursor: pointer; margin: .5rem 0; color: var(--dim); }
@media (max-width: 640px) {
  main { padding: 1rem .6rem 3rem; } section { padding: .8rem; }
  .row { grid-template-columns: 1fr 4.4rem; } .row .label { grid-column: 1; grid-row: 1; } .row .time { grid-column: 2; grid-row: 1; }
  th, td { padding-right: .5rem; } td.figure { white-space: nowrap; }
  .row .track { grid-column: 1 / 3; grid-row: 2; margin-bottom: .35rem; } .axis .label, .axis .time { display: none; }
}
@media print { body { background: none; } section { break-inside: avoid-page; } }
`;
