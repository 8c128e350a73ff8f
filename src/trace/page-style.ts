/** Style of the trace page: light and dark, from a phone's width on. */
export const pageStyle = `
:root{--bg:#fff;--fg:#1f2328;--dim:#59636e;--line:#d1d9e0;--soft:#f6f8fa;--good:#1a7f37;--bad:#c62828;--warn:#9a6700;--initializer:#8250df;--worker:#0969da;--evaluator:#b35900;--harness:#59636e;--focus:#0969da;--claimed:#d4a72c;--open:#c8d1da}
@media (prefers-color-scheme:dark){:root:not([data-theme=light]){--bg:#0d1117;--fg:#e6edf3;--dim:#9198a1;--line:#3d444d;--soft:#151b23;--good:#3fb950;--bad:#f85149;--warn:#d29922;--initializer:#b98bff;--worker:#58a6ff;--evaluator:#f0883e;--harness:#9198a1;--focus:#58a6ff;--claimed:#bb8009;--open:#3d444d}}
:root[data-theme=dark]{--bg:#0d1117;--fg:#e6edf3;--dim:#9198a1;--line:#3d444d;--soft:#151b23;--good:#3fb950;--bad:#f85149;--warn:#d29922;--initializer:#b98bff;--worker:#58a6ff;--evaluator:#f0883e;--harness:#9198a1;--focus:#58a6ff;--claimed:#bb8009;--open:#3d444d}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--fg);font:15px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:1180px;margin:0 auto;padding:16px}
h1{font-size:22px;line-height:1.3;margin:0 0 4px;overflow-wrap:anywhere}
h2{font-size:15px;margin:24px 0 8px}
a{color:var(--worker)}
.dim{color:var(--dim)}
.sub{color:var(--dim);margin:0 0 12px;overflow-wrap:anywhere}
.cards{display:flex;flex-wrap:wrap;gap:8px}
.card{background:var(--soft);border:1px solid var(--line);border-radius:8px;padding:8px 12px;min-width:104px}
.card b{display:block;white-space:nowrap;font-size:18px;font-variant-numeric:tabular-nums}
.card span{color:var(--dim);font-size:12px}
.good{color:var(--good)}.bad{color:var(--bad)}
.chart{border:1px solid var(--line);border-radius:8px;padding:6px;margin-bottom:8px}
.chart svg{display:block}
svg text{font:11px system-ui,sans-serif;fill:var(--dim)}
svg .strong{fill:var(--fg)}
svg [data-go]{cursor:pointer}
.f-initializer{fill:var(--initializer)}.f-worker{fill:var(--worker)}.f-evaluator{fill:var(--evaluator)}.f-harness{fill:var(--harness)}
.f-open{fill:var(--open)}.f-claimed{fill:var(--claimed)}.f-pass{fill:var(--good)}.f-fail{fill:var(--bad)}.f-unverifiable{fill:var(--warn)}
.grid{stroke:var(--line)}.mark{stroke:var(--bad);stroke-dasharray:3 3}
.curve{fill:none;stroke-width:2;stroke:var(--fg)}.area{opacity:.4}
.s-initializer{stroke:var(--initializer)}.s-worker{stroke:var(--worker)}.s-evaluator{stroke:var(--evaluator)}.s-harness{stroke:var(--harness)}
svg .on{fill:var(--bg);pointer-events:none}
.legend{display:flex;flex-wrap:wrap;gap:4px 14px;font-size:12px;color:var(--dim);margin:0 0 8px}
.legend i,.role i{display:inline-block;width:10px;height:10px;border-radius:2px;margin-right:5px}
.b-initializer{background:var(--initializer)}.b-worker{background:var(--worker)}.b-evaluator{background:var(--evaluator)}.b-harness{background:var(--harness)}
.b-open{background:var(--open)}.b-claimed{background:var(--claimed)}.b-pass{background:var(--good)}.b-fail{background:var(--bad)}.b-unverifiable{background:var(--warn)}
.two{display:grid;grid-template-columns:minmax(220px,1fr) 3fr;gap:0 32px}
.asked{margin:12px 0 0}
table{border-collapse:collapse;width:100%;font-size:14px}
.scroll{overflow-x:auto}
td,th{text-align:left;padding:4px 10px 4px 0;border-bottom:1px solid var(--line);vertical-align:top}
th{font-weight:600;color:var(--dim);font-size:12px;white-space:nowrap}
.bar{position:sticky;top:0;z-index:2;background:var(--bg);padding:8px 0;border-bottom:1px solid var(--line);display:flex;flex-wrap:wrap;gap:6px;align-items:center}
input[type=search]{flex:1 1 180px;min-width:0;font:inherit;padding:6px 10px;border:1px solid var(--line);border-radius:6px;background:var(--soft);color:var(--fg)}
button{font:inherit;font-size:13px;padding:4px 9px;border:1px solid var(--line);border-radius:14px;background:var(--soft);color:var(--fg);cursor:pointer}
button[aria-pressed=false]{opacity:.5;text-decoration:line-through}
:focus-visible{outline:2px solid var(--focus);outline-offset:1px}
.chunk{content-visibility:auto;contain-intrinsic-size:auto 3400px}
.chunk:not([data-full]){height:3400px}
.head{scroll-margin-top:100px}
.row{border-bottom:1px solid var(--line)}
.row.here>.head{background:var(--soft);box-shadow:inset 3px 0 0 var(--focus)}
.head{display:grid;grid-template-columns:52px 86px 1fr auto;gap:8px;width:100%;border:0;border-radius:0;background:none;text-align:left;padding:6px 8px;align-items:baseline;font-size:14px}
.head .n{color:var(--dim);font-variant-numeric:tabular-nums;font-size:12px}
.head .k{font-size:11px;border-radius:4px;padding:1px 6px;color:#fff;justify-self:start;white-space:nowrap}
:root:not([data-theme=light]) .head .k{color:#fff}
@media (prefers-color-scheme:dark){:root:not([data-theme=light]) .head .k{color:#0d1117}}
:root[data-theme=dark] .head .k{color:#0d1117}
.k-retry,.k-warning,.k-blocked{background:var(--bad)}.k-nudge,.k-reset{background:var(--warn)}.k-verdict{background:var(--evaluator)}.k-checkpoint,.k-published,.k-run{background:var(--harness)}.k-person{background:var(--good)}
.head .t{overflow:hidden;text-overflow:ellipsis;white-space:nowrap;min-width:0}
.head .f{color:var(--dim);font-size:12px;white-space:nowrap;font-variant-numeric:tabular-nums}
.row.isbad .t{color:var(--bad)}
.row.ishead{background:var(--soft)}.row.ishead .t{font-weight:600}
.row.isgood .t{color:var(--good)}.row.isgood .k-verdict{background:var(--good)}.row.isbad .k-verdict{background:var(--bad)}
.row.isminor .head{padding:2px 8px;font-size:12px;opacity:.65}
.body{padding:2px 8px 12px 68px}
.body .meta{color:var(--dim);font-size:12px;margin:0 0 6px}
details{margin:4px 0;border-left:3px solid var(--line);padding-left:8px}
details.bad{border-color:var(--bad);color:inherit}details.good{border-color:var(--good);color:inherit}
summary{cursor:pointer;font-size:13px;color:var(--dim);overflow-wrap:anywhere}
pre{margin:4px 0;padding:8px;background:var(--soft);border-radius:6px;overflow:auto;max-height:480px;font:12.5px/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;white-space:pre-wrap;overflow-wrap:anywhere;unicode-bidi:plaintext}
.add{color:var(--good)}.del{color:var(--bad)}.hunk{color:var(--initializer)}
.esc{color:var(--bad);border:1px dotted var(--bad);border-radius:3px;padding:0 2px}
.help{position:fixed;inset:auto 12px 12px auto;max-width:320px;background:var(--bg);border:1px solid var(--line);border-radius:8px;padding:12px 16px;box-shadow:0 4px 20px #0004;z-index:3;font-size:13px}
.help kbd{font:12px ui-monospace,monospace;border:1px solid var(--line);border-radius:4px;padding:0 5px;background:var(--soft)}
[hidden]{display:none!important}
@media (max-width:800px){.two{grid-template-columns:minmax(0,1fr)}}
@media (max-width:640px){main{padding:10px}.head{grid-template-columns:34px auto 1fr;gap:6px}.head .t{grid-column:1/-1;white-space:normal;overflow-wrap:anywhere;display:-webkit-box;-webkit-line-clamp:3;-webkit-box-orient:vertical}.head .f{grid-row:1;grid-column:3;justify-self:end;overflow:hidden;text-overflow:ellipsis;max-width:100%}.body{padding-left:8px}.bar{position:static}.card{min-width:84px;flex:1 1 auto}}
@media print{.bar,.help{display:none}}
`;
