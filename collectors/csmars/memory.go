package csmars

import "dataprotection_exporter/collectors/system"

// memory is what survives a restart, where there is a place for it.
type memory struct{ store system.Store }

func (m memory) load(name string, v any) (bool, error) {
	if m.store == nil {
		return false, nil
	}
	return m.store.Load(name, v)
}

func (m memory) save(values map[string]any) error {
	if m.store == nil {
		return nil
	}
	return m.store.Save(values)
}
