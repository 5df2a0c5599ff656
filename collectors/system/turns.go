package system

import (
	"context"
	"sync"

	"dataprotection_exporter/remote"
)

// Task asks one question. Key names it across collections.
type Task struct {
	Key string
	Run func(ctx context.Context) error
}

// Turns runs the questions of a collection side by side. Those that had no
// answer by the deadline last time wait until the others are through: where a
// device allows one session only, one hanging unit must not silence the rest
// collection after collection. Not safe for concurrent use.
type Turns struct {
	late map[string]bool
}

// Run asks every task and returns when all have ended.
func (t *Turns) Run(ctx context.Context, tasks []Task) {
	var first, last []Task
	for _, task := range tasks {
		if t.late[task.Key] {
			last = append(last, task)
		} else {
			first = append(first, task)
		}
	}
	late := map[string]bool{}
	var mu sync.Mutex
	for _, batch := range [][]Task{first, last} {
		var wg sync.WaitGroup
		for _, task := range batch {
			wg.Go(func() {
				if remote.ReasonOf(task.Run(ctx)) == remote.Timeout {
					mu.Lock()
					defer mu.Unlock()
					late[task.Key] = true
				}
			})
		}
		wg.Wait()
	}
	t.late = late
}
