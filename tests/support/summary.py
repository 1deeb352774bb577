"""Adds up ctest's reports and prints the one line by which a run is judged: `N passed, N failed`. Exit 1 when anything failed."""
import sys
import xml.etree.ElementTree as xml

passed, failed = 0, []
for path in sys.argv[1:]:
    for case in xml.parse(path).getroot().iter("testcase"):
        if case.get("status") == "run":
            passed += 1
        else:
            failed.append(f"{path}: {case.get('name')} ({case.get('status')})")
for line in failed:
    print("failed: " + line)
print(f"{passed} passed, {len(failed)} failed")
sys.exit(1 if failed or not passed else 0)
