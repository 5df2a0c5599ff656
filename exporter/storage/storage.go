// Package storage keeps what targets must remember across a restart: places in
// logs and the counters that belong to them. One file holds all targets.
package storage

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"dataprotection_exporter/collectors/system"
)

const (
	fileName = "state.db"
	// lockPatience is how long another process may hold the file, one that is
	// just stopping say.
	lockPatience = 2 * time.Second
)

// targetsBucket holds one bucket per target, by name, and each of those JSON
// values by name. Buckets of targets that are no longer configured stay: a
// target that comes back goes on where it was.
var targetsBucket = []byte("targets")

// DB is the storage of one exporter. It is safe for concurrent use.
type DB struct {
	path string
	bolt *bolt.DB // nil keeps everything in memory

	mu     sync.Mutex
	memory map[string]map[string][]byte
}

// Memory makes a DB that forgets everything with the process.
func Memory() *DB { return &DB{memory: map[string]map[string][]byte{}} }

// Open opens the storage in a folder, which it makes where it is missing. An
// empty name gives Memory.
func Open(folder string) (*DB, error) {
	if folder == "" {
		return Memory(), nil
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("storage: %w (the folder must be writable for the user that the exporter runs as)", err)
	}
	d := &DB{path: filepath.Join(folder, fileName)}
	if err := d.guarded(d.open); err != nil {
		if d.bolt != nil {
			_ = d.bolt.Close()
		}
		return nil, d.explain(err)
	}
	return d, nil
}

func (d *DB) open() error {
	db, err := bolt.Open(d.path, 0o600, &bolt.Options{Timeout: lockPatience})
	if err != nil {
		return err
	}
	d.bolt = db
	return d.check()
}

// check reads everything once. The file is mapped into memory, and damage that
// shows only while the exporter runs would end it.
func (d *DB) check() error {
	return d.bolt.View(func(tx *bolt.Tx) error {
		info, err := os.Stat(d.path)
		if err != nil {
			return err
		}
		if info.Size() < tx.Size() {
			return fmt.Errorf("%w: %d bytes of %d are there", errDamaged, info.Size(), tx.Size())
		}
		targets := tx.Bucket(targetsBucket)
		if targets == nil {
			return nil
		}
		return targets.ForEachBucket(func(target []byte) error {
			return targets.Bucket(target).ForEach(func(name, value []byte) error {
				if !json.Valid(value) {
					return fmt.Errorf("%w: %s of target %s is no JSON", errDamaged, name, target)
				}
				return nil
			})
		})
	})
}

var errDamaged = errors.New("the file is damaged")

// guarded turns what a damaged file does to the process into an error.
func (d *DB) guarded(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", errDamaged, r)
		}
	}()
	return f()
}

func (d *DB) explain(err error) error {
	for _, damage := range []error{
		errDamaged, bolterrors.ErrInvalid, bolterrors.ErrChecksum, bolterrors.ErrVersionMismatch, bolterrors.ErrInvalidMapping,
	} {
		if errors.Is(err, damage) {
			return fmt.Errorf("storage: %s cannot be read: %w (move the file away and start again: places in logs are lost with it, nothing else)", d.path, err)
		}
	}
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return fmt.Errorf("storage: another exporter uses %s (give each its own --storage.path)", d.path)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("storage: %w (the file and its folder must be writable for the user that the exporter runs as)", err)
	}
	return fmt.Errorf("storage: %s: %w", d.path, err)
}

// Close ends the use of the file. Later calls of its stores fail.
func (d *DB) Close() error {
	if d.bolt == nil {
		return nil
	}
	return d.bolt.Close()
}

// Target is the store of one target.
func (d *DB) Target(name string) system.Store { return &store{db: d, target: name} }

type store struct {
	db     *DB
	target string
}

var _ system.Store = (*store)(nil)

// Load implements system.Store.
func (s *store) Load(name string, v any) (found bool, err error) {
	value, err := s.db.load(s.target, name)
	if err != nil {
		return false, s.db.explain(err)
	}
	if value == nil {
		return false, nil
	}
	if err := json.Unmarshal(value, v); err != nil {
		return true, fmt.Errorf("storage: %s of target %s is not what this version keeps: %w", name, s.target, err)
	}
	return true, nil
}

// Save implements system.Store.
func (s *store) Save(values map[string]any) error {
	encoded := make(map[string][]byte, len(values))
	for name, v := range values {
		value, err := json.Marshal(v)
		if err != nil {
			return fmt.Errorf("storage: %s of target %s: %w", name, s.target, err)
		}
		encoded[name] = value
	}
	if err := s.db.save(s.target, encoded); err != nil {
		return s.db.explain(err)
	}
	return nil
}

func (d *DB) load(target, name string) (value []byte, err error) {
	if d.bolt == nil {
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.memory[target][name], nil
	}
	err = d.guarded(func() error {
		return d.bolt.View(func(tx *bolt.Tx) error {
			if targets := tx.Bucket(targetsBucket); targets != nil {
				if values := targets.Bucket([]byte(target)); values != nil {
					// What bolt gives is valid in the transaction only.
					value = append(value, values.Get([]byte(name))...)
				}
			}
			return nil
		})
	})
	return value, err
}

func (d *DB) save(target string, values map[string][]byte) error {
	if d.bolt == nil {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.memory[target] == nil {
			d.memory[target] = map[string][]byte{}
		}
		for name, value := range values {
			d.memory[target][name] = value
		}
		return nil
	}
	return d.guarded(func() error {
		return d.bolt.Update(func(tx *bolt.Tx) error {
			targets, err := tx.CreateBucketIfNotExists(targetsBucket)
			if err != nil {
				return err
			}
			bucket, err := targets.CreateBucketIfNotExists([]byte(target))
			if err != nil {
				return err
			}
			for name, value := range values {
				if err := bucket.Put([]byte(name), value); err != nil {
					return err
				}
			}
			return nil
		})
	})
}
