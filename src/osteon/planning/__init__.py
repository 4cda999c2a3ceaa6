"""Which treatments fit, in what order, why?"""

from osteon.planning.plan import JointPlan as JointPlan
from osteon.planning.plan import Plan as Plan
from osteon.planning.plan import plan as plan
from osteon.planning.plan import with_simulation as with_simulation
