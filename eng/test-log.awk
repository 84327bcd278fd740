# Reads the detailed console log of `dotnet test`: passes on the golden tests' own lines, all there is about a failed test,
# why a test was skipped, and what stands outside of any test; leaves out the rest of what passed.
/^  (Passed|Failed|Skipped) / { state = $1 }
/^(Test |Total |The active test run|Starting test |No test |Results File|Attachments:)/ { state = "" }
/^\/.*\.dll$/ { state = ""; sub(/.*\//, ""); print "tests of " $0; fflush(); next }
state == "Passed" { if (match($0, /golden [^ ]+: /)) { print substr($0, RSTART); fflush() } next }
state == "Skipped" && /^  Stack Trace:/ { state = "Passed"; next }
state == "Skipped" { if ($0 !~ /^[ \t]*$/ && $0 !~ /^  Error Message:/) { print; fflush() } next }
state == "Failed" { print; fflush(); next }
/^(Test run for|A total of|Microsoft \(R\)|VSTest version|Copyright|Starting test execution|Results File|No test matches|Total tests|Test Run (Successful|Failed)|MSTest |Test Parallelization)/ { next }
/^[ \t]*(Passed|Failed|Skipped|Total time):? / || /^[ \t]*$/ { next }
{ print; fflush() }
