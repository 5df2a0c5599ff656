package main

import (
	"fmt"
	"math"
	"time"
)

// minute counts from the midnight that begins the first day.
type minute int

const (
	hour minute = 60
	day  minute = 24 * hour

	// end is where the rehearsal ends.
	end = 30 * day
)

// at is a moment of a day: days count from 1, the clock reads "15:04".
func at(dayOfMonth int, clock string) minute {
	t, err := time.Parse("15:04", clock)
	if err != nil {
		panic(err)
	}
	return minute(dayOfMonth-1)*day + minute(t.Hour())*hour + minute(t.Minute())
}

// String is the day and the clock.
func (m minute) String() string {
	return fmt.Sprintf("day %d %02d:%02d", m/day+1, m%day/hour, m%hour)
}

// seconds is the value of a timestamp.
func (m minute) seconds() float64 { return 60 * float64(m) }

// daily is when something that happens once a day at clock last happened.
func daily(now, clock minute) minute {
	last := now/day*day + clock
	if last > now {
		last -= day
	}
	return last
}

// noise is a number from 0 to 1 that depends on nothing but the series and the minute.
func noise(key string, now minute) float64 {
	h := uint64(14695981039346656037)
	for _, c := range []byte(key) {
		h = (h ^ uint64(c)) * 1099511628211
	}
	h ^= uint64(now) * 0x9e3779b97f4a7c15
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return float64((h^h>>31)>>11) / (1 << 53)
}

// load is how busy people are, from 0.1 at night to 1 around noon, less on two days of
// seven.
func load(now minute) float64 {
	hours := float64(now%day) / float64(hour)
	busy := math.Exp(-(hours - 12) * (hours - 12) / 18)
	if now/day%7 >= 5 {
		busy *= 0.2
	}
	return 0.1 + 0.9*busy
}
