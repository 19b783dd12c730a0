#include "report/html_parts.h"

namespace proveout {

std::string_view html_style() {
    return R"css(
:root{color-scheme:light dark;--page:#f6f7f9;--card:#fff;--ink:#16191d;--soft:#5b6570;--line:#dfe3e8;--wash:#eef1f4;
--ok:#1a7f37;--warning:#9a6700;--error:#c62828;--ok-wash:#e6f4ea;--warning-wash:#fff5da;--error-wash:#fdeaea;
--c0:#2a78d6;--c1:#1d9d73;--c2:#d98e04;--c3:#7c55c7;--c4:#0b8793;--c5:#b5508f;--c6:#6b7f1e;--c7:#8a6d56}
@media (prefers-color-scheme:dark){:root{--page:#121417;--card:#1b1e23;--ink:#e8eaed;--soft:#9aa4af;--line:#30363d;--wash:#23272e;
--ok:#57c477;--warning:#e3b341;--error:#ff7b72;--ok-wash:#16301f;--warning-wash:#33290f;--error-wash:#3a1b1b;
--c0:#5b9df0;--c1:#3fbf93;--c2:#e5a93c;--c3:#a48be6;--c4:#3bb2bd;--c5:#d67fb5;--c6:#a3b64a;--c7:#b99a80}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif}
main{max-width:1080px;margin:0 auto;padding:28px 20px 56px}
h1{font-size:26px;line-height:1.25;margin:0 0 2px;overflow-wrap:anywhere}
h2{font-size:17px;margin:34px 0 10px}
p{margin:6px 0}
.soft{color:var(--soft)}
.card{background:var(--card);border:1px solid var(--line);border-radius:10px}
.verdict{display:flex;gap:14px;align-items:center;border-radius:10px;padding:14px 18px;margin:16px 0;border-left:6px solid}
.verdict b{font-size:20px;white-space:nowrap}
.ok{color:var(--ok)}.warning{color:var(--warning)}.error{color:var(--error)}.info{color:var(--soft)}
.verdict.ok{background:var(--ok-wash);border-color:var(--ok)}
.verdict.warning{background:var(--warning-wash);border-color:var(--warning)}
.verdict.error{background:var(--error-wash);border-color:var(--error)}
.verdict span{color:var(--ink)}
.shot{display:block;width:100%;height:auto;border-radius:10px;border:1px solid var(--line)}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:10px;margin:14px 0 0}
.figures div{padding:11px 14px}
.figures b{display:block;font-size:21px;line-height:1.25;font-variant-numeric:tabular-nums}
.figures small{color:var(--soft);font-size:12.5px;display:block}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:14px;font-variant-numeric:tabular-nums}
th{text-align:left;font-weight:600;color:var(--soft);font-size:12.5px;white-space:nowrap}
th,td{padding:7px 12px;border-bottom:1px solid var(--line);vertical-align:top}
tr:last-child td{border-bottom:0}
td.n,th.n{text-align:right;white-space:nowrap}
td.w{white-space:nowrap}
code,pre{font:13px/1.55 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
.code{font-weight:600;font-size:12.5px}
a{color:var(--c0);text-decoration:none}a:hover{text-decoration:underline}
.bar{display:block;height:11px;border-radius:0 4px 4px 0;min-width:2px}
pre{margin:0 0 10px;padding:10px 0;overflow-x:auto}
pre span{display:block;padding:0 14px;white-space:pre}
pre i{font-style:normal;color:var(--soft);display:inline-block;min-width:64px;user-select:none}
pre .hit{background:var(--warning-wash)}pre .hit.e{background:var(--error-wash)}
pre span:target{outline:2px solid var(--c0);outline-offset:-2px}
.plot{padding:14px 14px 8px;margin-bottom:10px}
.plot h3{margin:0 0 6px;font-size:14px;font-weight:600}
svg{display:block;width:100%;height:auto}
svg text{font:11px system-ui,sans-serif;fill:var(--soft);font-variant-numeric:tabular-nums}
svg .grid{stroke:var(--line);stroke-width:1}
svg .area{fill:var(--c0);fill-opacity:.22}
svg .trace{fill:none;stroke:var(--c0);stroke-width:1.6;stroke-linejoin:round}
svg .mark{stroke:var(--error);stroke-width:1.4;stroke-dasharray:3 2}
svg .tip{fill:var(--error)}
svg .name{fill:#fff;font-weight:600}
.c0{background:var(--c0);fill:var(--c0)}.c1{background:var(--c1);fill:var(--c1)}
.c2{background:var(--c2);fill:var(--c2)}.c3{background:var(--c3);fill:var(--c3)}
.c4{background:var(--c4);fill:var(--c4)}.c5{background:var(--c5);fill:var(--c5)}
.c6{background:var(--c6);fill:var(--c6)}.c7{background:var(--c7);fill:var(--c7)}
ul{margin:6px 0;padding-left:20px}
dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 18px;margin:0;padding:12px 16px;font-size:14px}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
footer{margin-top:36px;color:var(--soft);font-size:12.5px}
@media print{:root{--page:#fff;--card:#fff;--ink:#000;--soft:#444;--line:#bbb}body{font-size:11pt}main{max-width:none;padding:0}
h2{break-after:avoid}tr,.card.plot,.verdict,.shot{break-inside:avoid}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
)css";
}

}  // namespace proveout
