"""What names and paths Azure takes: in words for an error, and as patterns."""

from __future__ import annotations

WORKSPACE_NAME = "4 to 63 letters, digits and hyphens, no hyphen at either end"
SERVICE_NAME = "1 to 50 letters, digits and hyphens, first a letter, last no hyphen"
GROUP_NAME = "1 to 90 letters, digits, _ ( ) . and hyphens, not ending in a period"
LONGEST_PATH = 400
"""Most characters of an API's path.

https://learn.microsoft.com/rest/api/apimanagement/apis/create-or-update
"""
PATH = (
    f"a URL path of at most {LONGEST_PATH} characters, letters, digits and . _ ~ -, without / at "
    "either end, no part . or .."
)
_PART = r"(?!\.\.?(/|\Z))[A-Za-z0-9._~-]+"
PATH_PATTERN = rf"(?=.{{1,{LONGEST_PATH}}}\Z){_PART}(/{_PART})*"
