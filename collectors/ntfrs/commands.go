package ntfrs

import "strings"

// The commands, all of them: they display and change nothing. Names of members,
// groups and folders were checked against strict patterns.

func setsCommand(member string) []string { return []string{"ntfrsutl", "sets", member} }

// How far back a log is read: as a rule what the counts need; further where
// nothing is known yet, or nothing was asked for long.
const (
	aDay   = "86400000"   // milliseconds
	aMonth = "2592000000" // 30 days
)

// eventsCommand asks for the newest events, 5000 at most, under a root element
// whose end says that the answer is complete.
func eventsCommand(member, since string) []string {
	return []string{
		"wevtutil", "qe", "File Replication Service", "/r:" + member,
		"/q:*[System[TimeCreated[timediff(@SystemTime) <= " + since + "]]]",
		"/f:xml", "/e:Events", "/rd:true", "/c:5000",
	}
}

const counterObject = `\FileReplicaSet(*)\`

// stagingCommand asks for the two counters that are sizes and no rates.
func stagingCommand(member string) []string {
	return []string{"typeperf", counterObject + counterUsed, counterObject + counterFree, "-s", member, "-sc", "1"}
}

// totalsCommand asks for counters as they stand. typeperf shows them as changes
// per second, of which no total can be made.
func totalsCommand(member string) []string {
	paths := make([]string, 0, len(stages)+1)
	for _, s := range stages {
		paths = append(paths, "'"+counterObject+s.counter+"'")
	}
	paths = append(paths, "'"+counterObject+counterInstalled+"'")
	return []string{
		"powershell", "-NoProfile", "-NonInteractive", "-Command",
		"Get-Counter -ComputerName '" + member + "' -Counter " + strings.Join(paths, ",") +
			" | Select-Object -ExpandProperty CounterSamples | Select-Object Path,RawValue | ConvertTo-Csv -NoTypeInformation",
	}
}

func backlogCommand(b Backlog) []string {
	return []string{
		"dfsrdiag", "backlog", "/rgname:" + b.Group, "/rfname:" + b.Folder,
		"/sendingmember:" + b.From, "/receivingmember:" + b.To,
	}
}
