"""How does evidence look? Each figure is SVG text that stands in a page by itself, and has a table of the same data."""

from __future__ import annotations

from osteon.report.figures.curves import OptionCurve as OptionCurve
from osteon.report.figures.curves import forecast_curves as forecast_curves
from osteon.report.figures.curves import forecast_table as forecast_table
from osteon.report.figures.forest import forest_plot as forest_plot
from osteon.report.figures.forest import forest_table as forest_table
from osteon.report.figures.funnel import funnel_plot as funnel_plot
from osteon.report.figures.funnel import funnel_table as funnel_table
from osteon.report.figures.icon_array import icon_array as icon_array
from osteon.report.figures.icon_array import icon_array_with_key as icon_array_with_key
from osteon.report.figures.icon_array import icon_table as icon_table
from osteon.report.figures.marks import Table as Table
from osteon.report.figures.network_drawing import Node as Node
from osteon.report.figures.network_drawing import network_drawing as network_drawing
from osteon.report.figures.network_drawing import network_table as network_table
