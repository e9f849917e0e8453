"""The page's style sheet: light, dark and paper, wide and narrow.

Blue and orange carry all meaning that colour has, with a sign, a dash or a word beside it: they
stay apart for colour-blind readers too (Okabe and Ito's set).
"""

from __future__ import annotations

from penstock.cli.html_report.markup import Html

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
.succeeded .mark,.mark.succeeded{color:var(--blue)}
.failed .mark,.mark.failed,.reason{color:var(--orange)}
.reason{font-weight:600;overflow-wrap:anywhere}
.small-print{font-size:13px;overflow-wrap:anywhere;margin:10px 0 0}
.missing{font-style:italic;margin:0}
.tiles,.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px}
.cards{max-width:520px}
.tile{border:1px solid var(--rule);border-radius:8px;padding:10px 14px;overflow-wrap:anywhere}
.label,.note{font-size:13px}
.figure{font-size:26px;font-weight:650;line-height:1.25}
.tile.new{border:2px solid var(--blue)}
.beside{display:grid;grid-template-columns:1fr 1fr;gap:16px;align-items:stretch}
.beside>*{min-width:0}
.beside>:only-child{grid-column:1/-1}
.steps,.events{--name:330px}
.step{display:grid;grid-template-columns:20px var(--name) 1fr 76px;gap:8px;align-items:center;
min-height:27px}
.name b{display:inline-block;min-width:80px}
.about{font-size:13px}
.never{color:var(--soft)}
.took{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.track{position:relative;height:16px}
.step .track{background:repeating-linear-gradient(90deg,var(--rule) 0 1px,
transparent 1px var(--tick))}
.bar{position:absolute;top:1px;bottom:1px;min-width:3px;border-radius:3px;background:var(--blue)}
.bar.failed{background:repeating-linear-gradient(45deg,var(--orange) 0 5px,transparent 5px 8px);
border:2px solid var(--orange)}
.axis-row .axis{grid-column:3;background:none}
.axis{border-top:1px solid var(--grey);height:22px}
.axis span{position:absolute;top:2px;font-size:12px;color:var(--soft);white-space:nowrap;
padding-left:3px;border-left:1px solid var(--grey)}
.axis span.last{padding:0 3px 0 0;border:0;border-right:1px solid var(--grey);
transform:translateX(-100%)}
.line{display:flex;align-items:flex-start}
.stop{flex:1 1 150px;min-width:0}
.node{border:2px solid var(--blue);border-radius:8px;background:var(--blue-tint);min-height:66px;
padding:8px 10px;display:flex;flex-direction:column;justify-content:center}
.node span{font-size:13px;color:var(--soft);line-height:1.3}
.unreached.node{border:2px dashed var(--grey);background:none;color:var(--soft)}
.arrow{flex:0 1 112px;min-width:60px;height:66px;position:relative;display:flex;
align-items:center;padding:0 4px}
.count{position:absolute;left:0;right:0;bottom:50%;padding-bottom:7px;text-align:center;
font-size:13px;font-weight:600;line-height:1.15}
.shaft{height:4px;flex:1;background:var(--blue);margin-right:9px;position:relative}
.shaft::after{content:"";position:absolute;right:-10px;top:-6px;border:8px solid transparent;
border-left:10px solid var(--blue);border-right:0}
.unreached .shaft{background:repeating-linear-gradient(90deg,var(--grey) 0 5px,transparent 5px 9px)}
.unreached .shaft::after{border-left-color:var(--grey)}
.branch{font-size:13px;font-weight:600;margin:0 0 0 14px;padding:9px 0 0 16px;position:relative}
.branch::before{content:"";position:absolute;left:0;top:0;width:11px;height:20px;
border-left:3px solid;border-bottom:3px solid}
.branch.failed{color:var(--orange)}
.branch.dropped{color:var(--soft)}
.branch.onward{color:var(--blue)}
.account{font-size:16px;font-weight:600;margin:12px 0 0;font-variant-numeric:tabular-nums}
.account.wrong{color:var(--orange)}
.pictures{display:grid;grid-template-columns:repeat(auto-fit,minmax(250px,1fr));gap:12px}
.beside .pictures{grid-template-columns:1fr}
.pictures.small{grid-template-columns:repeat(3,1fr)}
figure{margin:0;min-width:0}
figcaption{font-size:13px;margin-bottom:2px}
svg{width:100%;height:auto;max-width:500px;display:block}
svg text{font-size:12px;fill:var(--soft)}
.grid{stroke:var(--rule)}
.base{stroke:var(--grey)}
.series polyline{fill:none;stroke-width:2}
.first polyline{stroke:var(--blue)}
.other polyline{stroke:var(--orange);stroke-dasharray:6 3}
.first circle{fill:var(--blue)}
.other circle{fill:var(--card);stroke:var(--orange);stroke-width:1.5}
svg text.first{fill:var(--blue);font-weight:600}
svg text.other{fill:var(--orange);font-weight:600}
.before rect{fill:rgba(var(--blue-rgb),.35)}
polyline.now{fill:none;stroke:var(--orange);stroke-width:2.5}
.legend{font-size:13px;color:var(--soft)}
.key{display:inline-block;width:14px;height:11px;margin:0 3px 0 10px;vertical-align:-1px}
.key:first-child{margin-left:0}
.key.over,.over .fill{background:var(--orange)}
.key.under,.under .fill{background:var(--blue)}
.key.line{width:0;border-left:2px solid var(--ink)}
.key.before{background:rgba(var(--blue-rgb),.35)}
.key.now{border:2px solid var(--orange);border-bottom:0}
.bars{columns:2;column-gap:32px}
.bar-row{display:grid;grid-template-columns:92px 1fr 58px;gap:8px;align-items:center;
break-inside:avoid;font-size:13px;height:20px}
.bar-row .name{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.bar-row .value{font-variant-numeric:tabular-nums;white-space:nowrap}
.over .value{color:var(--orange);font-weight:650}
.rail{position:relative;height:12px;background:var(--ground)}
.fill{position:absolute;left:0;top:0;bottom:0;min-width:1px}
.rail .line{position:absolute;top:-3px;bottom:-3px;border-left:2px solid var(--ink)}
.band{position:relative;height:24px;margin-bottom:4px}
.state{position:absolute;top:0;bottom:0;font-size:12px;line-height:22px;text-align:center;
overflow:hidden;border:1px solid var(--grey)}
.state.ok{background:var(--blue-tint)}
.state.alarm{background:var(--orange-tint);border:2px solid var(--orange);line-height:20px;
font-weight:700}
.lane{position:relative;height:26px}
.event{position:absolute;min-width:22px;height:22px;border-radius:11px;background:var(--blue);
color:var(--card);font-size:12px;font-weight:700;line-height:22px;text-align:center;
margin-left:-1px}
.event.alarm{background:var(--orange);border-radius:3px}
.decisions{margin:14px 0 0;padding-left:26px}
.decisions li{margin-bottom:8px}
.kind{display:inline-block;min-width:58px;padding:0 6px;border-radius:4px;font-size:12px;
text-align:center;background:var(--blue-tint)}
.kind.alarm{background:var(--orange-tint)}
.detail{color:var(--soft);overflow-wrap:anywhere}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-size:13px;width:100%}
th,td{text-align:left;vertical-align:top;padding:5px 10px 5px 0;border-bottom:1px solid var(--rule);
overflow-wrap:anywhere}
th{color:var(--soft);font-weight:600}
.scroll th,.scroll td{min-width:84px}
.confusion{width:auto}
.confusion th,.confusion td{text-align:center;padding:0;min-width:34px;height:30px;
vertical-align:middle;border:1px solid var(--rule);font-variant-numeric:tabular-nums}
.confusion thead th:first-child{padding:0 6px;font-weight:400}
.confusion .none{color:var(--grey)}
.confusion .right{background:rgba(var(--blue-rgb),calc(.1 + .4*var(--share)))}
.confusion .wrong{background:rgba(var(--orange-rgb),.25);font-weight:700}
.tiles+.scroll,.scroll+details{margin-top:12px}
details{margin-top:10px}
summary{cursor:pointer;color:var(--blue)}
details[open]>summary{margin-bottom:8px}
dl,dd,ul{margin:0}
dt{font-weight:600;margin-top:8px}
dt,dd,#files li{overflow-wrap:anywhere}
dd{margin-left:18px}
#files ul{padding-left:18px}
@media (max-width:760px){
main{padding:10px}
section,header{padding:14px}
h1{font-size:24px}
.lead{font-size:16px}
.figure{font-size:22px}
.beside{grid-template-columns:1fr;gap:0}
.steps{--name:78px}
.step{grid-template-columns:16px var(--name) 1fr 60px;gap:6px}
.step .about,.axis-row span:has(+.last){display:none}
.name b{min-width:0}
.line{flex-direction:column;align-items:stretch}
.stop{flex:none;display:flex;flex-wrap:wrap;align-items:center}
.node{width:52%;min-height:52px}
.branch{padding:0 0 0 18px;margin:0 0 0 4px;flex:1 1 40%}
.branch+.branch{margin-left:calc(52% + 4px)}
.branch::before{top:50%;width:14px;height:0;border-left:0}
.arrow{flex:none;height:40px;width:100%;padding:0}
.shaft{flex:none;width:4px;height:26px;margin:0 0 8px 60px}
.shaft::after{right:-6px;top:auto;bottom:-10px;border:8px solid transparent;
border-top:10px solid var(--blue);border-bottom:0}
.unreached .shaft{background:repeating-linear-gradient(var(--grey) 0 5px,transparent 5px 9px)}
.unreached .shaft::after{border-left-color:transparent;border-top-color:var(--grey)}
.count{position:absolute;left:78px;right:auto;bottom:auto;padding:0}
.bars{columns:1}
.pictures.small{grid-template-columns:1fr 1fr}
.confusion th,.confusion td{min-width:25px;height:26px;font-size:12px}
.confusion thead th:first-child{font-size:10px;max-width:60px;overflow-wrap:normal}
}
@media print{
body{background:#fff;font-size:12px}
main{max-width:none;padding:0}
section,header{border-color:#bbb;break-inside:avoid}
#ledger,#files,#drift{break-inside:auto}
tr,figure,.tile{break-inside:avoid}
}
"""
)
