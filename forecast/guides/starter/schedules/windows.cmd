@echo off
rem One scheduled run. Ends with the code of "forecast run", which the Task Scheduler shows as the last result:
rem 0; 2 an error. The messages of the run, a line for each step and one object at the end, are in logs.
setlocal
chcp 65001 >nul
cd /d "%~dp0" || exit /b 2
if not exist logs mkdir logs
for /f %%d in ('powershell -NoProfile -Command "(Get-Date).ToUniversalTime().ToString('yyyy-MM-dd')"') do set "day=%%d"
rem a folder for each day, so that the runs of before stay
"@PYTHON@" -P -m forecast run "@CONFIG@" --out "runs\%day%" --json >logs\last_run.txt 2>"logs\%day%.jsonl"
exit /b %ERRORLEVEL%
