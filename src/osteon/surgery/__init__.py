"""What would each operation look like in this bone?"""

from osteon.surgery.bone import Bone as Bone
from osteon.surgery.bone import make_ready as make_ready
from osteon.surgery.card import surgery_card as surgery_card
from osteon.surgery.card import surgery_dict as surgery_dict
from osteon.surgery.decompression import DrillPlan as DrillPlan
from osteon.surgery.decompression import StrutPlan as StrutPlan
from osteon.surgery.decompression import assess as assess
from osteon.surgery.drill import Margin as Margin
from osteon.surgery.graft import GraftVolume as GraftVolume
from osteon.surgery.implant import ImplantSize as ImplantSize
from osteon.surgery.landmarks import Landmarks as Landmarks
from osteon.surgery.osteotomy import Reaches as Reaches
from osteon.surgery.osteotomy import RotationPlan as RotationPlan
from osteon.surgery.osteotomy import rotation_plans as rotation_plans
from osteon.surgery.plan import SurgicalPlan as SurgicalPlan
from osteon.surgery.plan import plan_operations as plan_operations
from osteon.surgery.settings import SurgeryOptions as SurgeryOptions
from osteon.surgery.settings import default_options as default_options
from osteon.surgery.settings import settings as settings
from osteon.surgery.tracts import Tract as Tract
from osteon.surgery.tracts import distance_mm as distance_mm
from osteon.surgery.tracts import tracts_mask as tracts_mask
