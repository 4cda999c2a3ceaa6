"""How does a bone of voxels deform under load, and how strained is it?"""

from osteon.mechanics.solve.check import supported_voxels as supported_voxels
from osteon.mechanics.solve.fields import principal_strains as principal_strains
from osteon.mechanics.solve.fields import principal_stresses as principal_stresses
from osteon.mechanics.solve.fields import strain as strain
from osteon.mechanics.solve.fields import strain_at as strain_at
from osteon.mechanics.solve.fields import strain_energy_density as strain_energy_density
from osteon.mechanics.solve.fields import stress as stress
from osteon.mechanics.solve.fields import stress_of as stress_of
from osteon.mechanics.solve.fields import von_mises as von_mises
from osteon.mechanics.solve.load import pressure_force as pressure_force
from osteon.mechanics.solve.solution import Solution as Solution
from osteon.mechanics.solve.solution import processors as processors
from osteon.mechanics.solve.solution import solve as solve
