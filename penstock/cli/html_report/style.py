"""The style sheet's part for a run's report; what every page has is in penstock.html.style."""

from __future__ import annotations

from penstock.html.markup import Html

REPORT_STYLE = Html(
    """
.succeeded .mark,.mark.succeeded{color:var(--blue)}
.failed .mark,.mark.failed,.reason{color:var(--orange)}
.cards{max-width:520px}
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
.confusion{width:auto}
.confusion th,.confusion td{text-align:center;padding:0;min-width:34px;height:30px;
vertical-align:middle;border:1px solid var(--rule);font-variant-numeric:tabular-nums}
.confusion thead th:first-child{padding:0 6px;font-weight:400}
.confusion .none{color:var(--grey)}
.confusion .right{background:rgba(var(--blue-rgb),calc(.1 + .4*var(--share)))}
.confusion .wrong{background:rgba(var(--orange-rgb),.25);font-weight:700}
dt,dd,#files li{overflow-wrap:anywhere}
#files ul{padding-left:18px}
@media (max-width:760px){
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
#ledger,#files,#drift{break-inside:auto}
}
"""
)
