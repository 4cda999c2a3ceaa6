"""The pictures and files of one hip on its images, and the page that shows them."""

from osteon.report.images.head_map import head_map_png as head_map_png
from osteon.report.images.mid_planes import mid_plane_png as mid_plane_png
from osteon.report.images.montage import montage_png as montage_png
from osteon.report.images.pictures import report_pictures as report_pictures
from osteon.report.images.results import result_files as result_files
from osteon.report.images.rotation import rotation_png as rotation_png
from osteon.report.images.tracts import tract_png as tract_png
from osteon.report.images.view_3d import view_3d_png as view_3d_png
