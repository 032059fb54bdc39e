import sys
from pathlib import Path

# the tables of this folder are shared by its tests; importlib mode adds no paths
sys.path.insert(0, str(Path(__file__).parent))
