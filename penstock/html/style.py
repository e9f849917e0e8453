"""The style sheet of every page: light, dark and paper, wide and narrow.

Blue and orange carry all meaning that colour has, with a sign, a dash or a word beside it: they
stay apart for colour-blind readers too (Okabe and Ito's set).
"""

from __future__ import annotations

from penstock.html.markup import Html

STYLE = Html(
    """
:root{--ground:#f6f7f9;--card:#fff;--ink:#16202b;--soft:#566372;--rule:#d8dee6;--blue:#0072b2;
--blue-rgb:0,114,178;--orange:#b84a00;--orange-rgb:213,94,0;--blue-tint:#e2eff8;
--orange-tint:#fdeadd;--grey:#8a95a3}
@media screen and (prefers-color-scheme:dark){:root{--ground:#11161c;--card:#1a2129;--ink:#e8edf3;
--soft:#a3b0bf;--rule:#35404d;--blue:#56b4e9;--blue-rgb:86,180,233;--orange:#ff9d5c;
--orange-rgb:255,140,60;--blue-tint:#16344a;--orange-tint:#4a2a12;--grey:#7c8896}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;
-webkit-print-color-adjust:exact;print-color-adjust:exact}
main{max-width:1120px;margin:0 auto;padding:20px}
section,header{background:var(--card);border:1px solid var(--rule);border-radius:10px;
padding:18px 22px;margin:0 0 16px}
header{border-left:8px solid var(--blue)}
header.failed{border-left-color:var(--orange)}
h1{font-size:30px;line-height:1.2;margin:2px 0 8px}
h2{font-size:19px;margin:0 0 10px}
h3{font-size:14px;margin:14px 0 6px;color:var(--soft)}
p{margin:0 0 10px}
a{color:var(--blue)}
.eyebrow,.label,.small-print,.missing,.note,.about,.at{color:var(--soft)}
.eyebrow{font-size:13px;margin:0}
.lead{font-size:17px;max-width:62em}
.reason{font-weight:600;overflow-wrap:anywhere}
.small-print{font-size:13px;overflow-wrap:anywhere;margin:10px 0 0}
.missing{font-style:italic;margin:0}
.tiles,.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px}
.tile{border:1px solid var(--rule);border-radius:8px;padding:10px 14px;overflow-wrap:anywhere}
.label,.note{font-size:13px}
.figure{font-size:26px;font-weight:650;line-height:1.25}
figure{margin:0;min-width:0}
figcaption{font-size:13px;margin-bottom:2px}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-size:13px;width:100%}
th,td{text-align:left;vertical-align:top;padding:5px 10px 5px 0;border-bottom:1px solid var(--rule);
overflow-wrap:anywhere}
th{color:var(--soft);font-weight:600}
.scroll th,.scroll td{min-width:84px}
.tiles+.scroll,.scroll+details{margin-top:12px}
details{margin-top:10px}
summary{cursor:pointer;color:var(--blue)}
details[open]>summary{margin-bottom:8px}
dl,dd,ul{margin:0}
dt{font-weight:600;margin-top:8px}
dd{margin-left:18px}
@media (max-width:760px){
main{padding:10px}
section,header{padding:14px}
h1{font-size:24px}
.lead{font-size:16px}
.figure{font-size:22px}
}
@media print{
body{background:#fff;font-size:12px}
main{max-width:none;padding:0}
section,header{border-color:#bbb;break-inside:avoid}
tr,figure,.tile{break-inside:avoid}
}
"""
)
