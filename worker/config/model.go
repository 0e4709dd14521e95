package config

import "regexp"

// pinned is a model's name with the day of its making, as the provider names
// those that do not change.
var pinned = regexp.MustCompile(`-20[0-9]{6}$`)

// Unpinned names the routes whose model changes with time: the same document
// is then answered differently another day.
func (c *Config) Unpinned() (routes []string) {
	for _, r := range c.Routes {
		if !pinned.MatchString(r.Model) {
			routes = append(routes, r.Name)
		}
	}
	return routes
}
