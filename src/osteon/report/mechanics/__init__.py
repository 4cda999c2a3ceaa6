"""How do the options of a comparison look: their fields, cuts, maps, and the page that shows them?"""

from osteon.report.mechanics.album import Album as Album
from osteon.report.mechanics.figures import cuts_png as cuts_png
from osteon.report.mechanics.figures import maps_png as maps_png
from osteon.report.mechanics.shots import Shot as Shot
from osteon.report.mechanics.shots import shot as shot
