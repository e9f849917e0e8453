"""The style sheet's part for the scored series; what every page has is in penstock.html.style.

Green is what was caught and orange what went wrong, each with a sign or a pattern of its own.
"""

from __future__ import annotations

from penstock.html.markup import Html

SIGNAL_STYLE = Html(
    """
:root{--green:#00704f;--green-rgb:0,158,115;--grey-rgb:120,132,148}
@media screen and (prefers-color-scheme:dark){:root{--green:#43c99c;--green-rgb:40,190,140}}
.signal{margin:22px 0 0;padding-left:52px;break-inside:avoid}
.signal figcaption{margin-left:-52px;font-size:14px;overflow-wrap:anywhere}
.signal figcaption b{margin-right:8px}
.flags{position:relative;height:21px}
.flag{position:absolute;transform:translateX(-50%);font-size:13px;font-weight:700;
white-space:nowrap}
.flag.hit{color:var(--green)}
.flag.missed{color:var(--orange)}
.flag.unscored{color:var(--soft)}
.panel{position:relative;border-bottom:1px solid var(--grey)}
.panel.values{height:150px}
.panel.scores{height:74px}
.panel svg{position:absolute;inset:0;width:100%;height:100%;max-width:none;overflow:visible}
.panel path{fill:none;vector-effect:non-scaling-stroke;stroke-linecap:round;stroke-linejoin:round}
.curve{stroke:var(--blue);stroke-width:1.4}
.scores .curve{stroke:var(--ink);stroke-width:1}
.panel .threshold{stroke:var(--orange);stroke-width:1.5;stroke-dasharray:7 4}
.alert.right.below,.alert.wrong.above{stroke:var(--card)}
.alert.right.above{stroke:var(--ink)}
.alert.wrong.below{stroke:var(--orange)}
.alert.below{stroke-width:11}
.alert.right.above{stroke-width:8}
.alert.wrong.above{stroke-width:5}
.scores .alert.below{stroke-width:8}
.scores .alert.right.above{stroke-width:6}
.scores .alert.wrong.above{stroke-width:3}
.trained,.window{position:absolute;top:0;bottom:0}
.trained{left:0;border-right:2px solid var(--blue);overflow:hidden}
.trained span{position:absolute;left:0;right:0;top:50%;transform:translateY(-50%);
text-align:center;font-size:12px;color:var(--soft);line-height:1.2;padding:0 40px}
.trained,.key.trained{background:rgba(var(--blue-rgb),.09)}
.window{min-width:4px}
.hit.window{background:rgba(var(--green-rgb),.22);border:solid var(--green);border-width:0 2px}
.missed.window{background:repeating-linear-gradient(135deg,rgba(var(--orange-rgb),.34) 0 4px,
transparent 4px 9px);border:dashed var(--orange);border-width:0 2px}
.unscored.window{background:rgba(var(--grey-rgb),.24);border:dotted var(--grey);
border-width:0 2px}
.tick{position:absolute;right:100%;transform:translateY(-50%);padding-right:6px;font-size:12px;
color:var(--soft);white-space:nowrap;line-height:1}
.tick.limit{color:var(--orange);font-weight:700}
.what{position:absolute;left:5px;top:2px;font-size:12px;color:var(--soft);line-height:1.2}
.legend.signals{margin:14px 0 0}
.entry{display:inline-block;margin:0 16px 2px 0}
.entry .key{position:static;margin:0 6px 0 0;min-width:14px}
.key.trained{border:solid var(--blue);border-width:0 2px 0 0}
.key.dot{width:11px;border-radius:50%}
.dot.right{background:var(--ink)}
.dot.wrong{border:3px solid var(--orange)}
.key.threshold{width:20px;height:0;border-top:2px dashed var(--orange);vertical-align:4px}
@media (max-width:760px){
.signal{padding-left:40px}
.signal figcaption{margin-left:-40px}
.panel.values{height:120px}
.flag .word,.signal .axis span:nth-child(even){display:none}
.trained span{padding:0 4px 0 36px}
}
@media print{
#anomaly{break-inside:auto}
}
"""
)
