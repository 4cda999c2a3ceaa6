"""What would be measured if the truth were known? Synthetic hips with images and exact truth."""

from osteon.phantom.make import Phantom as Phantom
from osteon.phantom.make import make_phantom as make_phantom
from osteon.phantom.make import on_slices as on_slices
from osteon.phantom.recipe import Recipe as Recipe
from osteon.phantom.recipes import validation_recipes as validation_recipes
from osteon.phantom.tissue import Tissue as Tissue
from osteon.phantom.write import phantom_files as phantom_files
from osteon.phantom.write import write_phantom as write_phantom
