package main

// with sets fields over others.
func with(fields map[string]any, more map[string]any) map[string]any {
	for k, v := range more {
		fields[k] = v
	}
	return fields
}
