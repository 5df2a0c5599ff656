package archive

// The rules of thumb for planning, in decimal units, as the appliance's own
// documentation calculates.
const (
	// Compression is what the archive saves.
	Compression = 10
	// EventShare is how much of the appliance's event storage events may use;
	// the rest goes to tables and indexes.
	EventShare = 0.8
)

// RawPerDay is what events take a day on the appliance, in bytes.
func RawPerDay(eventsPerSecond, bytesPerEvent float64) float64 {
	return eventsPerSecond * bytesPerEvent * secondsOfDay
}

// ArchivedPerDay is what events take a day in the archive, in bytes.
func ArchivedPerDay(eventsPerSecond, bytesPerEvent float64) float64 {
	return RawPerDay(eventsPerSecond, bytesPerEvent) / Compression
}

// DaysOnBox is how long events stay on an appliance with that much storage for
// them, in bytes.
func DaysOnBox(storage, eventsPerSecond, bytesPerEvent float64) float64 {
	return storage * EventShare / RawPerDay(eventsPerSecond, bytesPerEvent)
}
