# ends: syntax
exec "import os"
