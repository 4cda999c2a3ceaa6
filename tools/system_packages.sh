#!/usr/bin/env bash
# Puts the Debian packages in place that pip and npm cannot bring: installs what is missing as root, names it otherwise.
# Usage: tools/system_packages.sh GROUP...   groups: report (Python and PDF), browser (tests in a real browser),
#        dicom (tests with other people's DICOM programs), mechanics (a second solver), cohort (Java for Spark)
set -euo pipefail

installed() { dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed; }

python_is_new_enough() {
    for python in "${PYTHON:-python3}" python3 python3.13 python3.12 python3.11; do
        "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && return
    done
    return 1
}

missing=()
want() { installed "$1" || missing+=("$1"); }

for group in "$@"; do
    case "$group" in
    report)
        python_is_new_enough || missing+=(python3 python3-venv)
        want libpango-1.0-0
        want libpangoft2-1.0-0
        want libharfbuzz-subset0
        want fonts-dejavu-core
        ;;
    browser)
        command -v chromium >/dev/null || missing+=(chromium)
        command -v pdftotext >/dev/null || missing+=(poppler-utils)
        command -v node >/dev/null || missing+=(nodejs)
        command -v npm >/dev/null || missing+=(npm)
        ;;
    dicom)
        command -v dsrdump >/dev/null || missing+=(dcmtk)
        command -v Orthanc >/dev/null || [ -x /usr/sbin/Orthanc ] || missing+=(orthanc)
        ;;
    mechanics)
        command -v ccx >/dev/null || missing+=(calculix-ccx)
        ;;
    cohort)
        command -v java >/dev/null || missing+=(openjdk-17-jre-headless)
        ;;
    *)
        echo "There is no group '$group' of system packages; there are report, browser, dicom, mechanics and cohort." >&2
        exit 2
        ;;
    esac
done

[ ${#missing[@]} -gt 0 ] || exit 0

if command -v apt-get >/dev/null && [ "$(id -u)" -eq 0 ]; then
    echo "Installing the missing system packages: ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    log=$(mktemp)
    if { apt-get update && apt-get install --yes --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 </dev/null; then
        rm -f "$log"
        exit 0
    fi
    tail -n 20 "$log" >&2
    rm -f "$log"
fi

echo "Missing system packages: ${missing[*]}" >&2
echo "Going on without them. To install them on Debian or Ubuntu, as root: apt-get install ${missing[*]}" >&2
