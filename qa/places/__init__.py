"""Where things are: the index, the samples, the packaged embedder, the cache, other programs.

`private_folder` has a folder for one process alone, `regular_file` opens files of unknown origin;
both are imported when they are needed.
"""

from qa.places.locations import BESIDE as BESIDE
from qa.places.locations import CLUSTER as CLUSTER
from qa.places.locations import PACKAGED_EMBEDDER as PACKAGED_EMBEDDER
from qa.places.locations import beside as beside
from qa.places.locations import cache_folder as cache_folder
from qa.places.locations import default_index as default_index
from qa.places.locations import folders_above as folders_above
from qa.places.locations import installed as installed
from qa.places.locations import is_remote as is_remote
from qa.places.locations import is_storage as is_storage
from qa.places.locations import is_web as is_web
from qa.places.locations import sample_folder as sample_folder
