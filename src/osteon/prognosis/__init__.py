"""What happens to this joint over time, untreated and under each treatment?"""

from osteon.prognosis.baseline import HORIZONS as HORIZONS
from osteon.prognosis.baseline import Baseline as Baseline
from osteon.prognosis.baseline import baseline as baseline
from osteon.prognosis.baseline import by_lesion_type as by_lesion_type
from osteon.prognosis.forecast import ENDPOINTS as ENDPOINTS
from osteon.prognosis.forecast import NO_TREATMENT as NO_TREATMENT
from osteon.prognosis.forecast import EndpointForecast as EndpointForecast
from osteon.prognosis.forecast import Forecast as Forecast
from osteon.prognosis.forecast import Point as Point
from osteon.prognosis.forecast import ScoreForecast as ScoreForecast
from osteon.prognosis.forecast import SingleArm as SingleArm
from osteon.prognosis.forecast import TreatmentEffect as TreatmentEffect
from osteon.prognosis.forecast import forecast as forecast
from osteon.prognosis.forecast import scores as scores
