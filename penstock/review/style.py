"""The style sheet's part for the review; what every page has is in penstock.html.style."""

from __future__ import annotations

from penstock.html.markup import Html

REVIEW_STYLE = Html(
    """
code{font:12px/1.45 ui-monospace,"DejaVu Sans Mono",Consolas,monospace;overflow-wrap:anywhere}
.alert{color:var(--orange)}
.about{font-size:12px}
td code,#instances td,#quantities td,#load td{overflow-wrap:break-word}
td>div+div{margin-top:2px}
.picture{margin:10px 0}
.tiles+p,.scroll+p,.scroll+.scroll,.scroll+.tiles,.small-print+.scroll{margin-top:14px}
.diagram{display:block;min-width:980px;max-width:100%;height:auto}
.diagram text{font-size:11px;fill:var(--soft)}
.band rect{fill:var(--ground);stroke:var(--rule)}
.band text{font-size:12px;font-weight:650;text-transform:capitalize}
.box rect{fill:var(--blue-tint);stroke:var(--blue);stroke-width:1.5}
.box.job rect{fill:var(--card);stroke-dasharray:5 3}
.box text.name{font-size:12px;font-weight:650;fill:var(--ink)}
.route path{fill:none;stroke:var(--blue);stroke-width:1.6}
.route.start path{stroke:var(--grey);stroke-dasharray:5 3}
.route.tell path{stroke:var(--orange);stroke-dasharray:2 3}
.route path.head{fill:var(--blue);stroke:none}
.route.start path.head{fill:var(--grey)}
.route.tell path.head{fill:var(--orange)}
.key{display:inline-block;width:26px;height:0;margin:0 6px 0 14px;vertical-align:4px;
border-top:2px solid var(--blue)}
.key:first-child{margin-left:0}
.key.start{border-top:2px dashed var(--grey)}
.key.tell{border-top:2px dotted var(--orange)}
.key.job{width:16px;height:11px;border:1.5px dashed var(--blue);vertical-align:-1px}
@media (max-width:760px){
.scroll table{min-width:640px}
#instances .scroll table{min-width:980px}
}
@media print{
section{break-inside:auto}
.diagram{min-width:0}
}
"""
)
