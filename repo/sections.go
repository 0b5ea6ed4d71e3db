package repo

import "github.com/portsolve/portsolve/atom/metadata"

// Section is one [section] of a configuration file in the format of repos.conf,
// with what [DEFAULT] adds and %(name)s replaced.
type Section struct {
	Name   string
	Source metadata.Source // its header
	values map[string]option
}

// Value returns the value of a key (lower case) and where it stands; ok is false
// if neither the section nor [DEFAULT] has it.
func (s *Section) Value(key string) (value string, src metadata.Source, ok bool) {
	o, ok := s.values[key]
	return o.value, o.src, ok
}

// ReadSections reads other files in the format of repos.conf (portage(5):
// binrepos.conf), files or directories; what is later overrides what is earlier, and
// what does not exist is skipped. Sections come in order of appearance, without
// [DEFAULT]. env serves %(NAME)s. The error is a *FileError where a file is at fault.
func ReadSections(paths []string, env map[string]string) ([]Section, error) {
	conf := newReposConf(env)
	for _, path := range paths {
		if err := conf.load(path); err != nil {
			return nil, err
		}
	}
	var out []Section
	for _, name := range conf.order {
		opts := conf.merged(name)
		if err := conf.expandAll(opts); err != nil {
			return nil, err
		}
		out = append(out, Section{Name: name, Source: conf.sections[name].src, values: opts})
	}
	return out, nil
}
