package sets

// Listed is a set that can be resolved, as list-sets shows it.
type Listed struct {
	Name  string // without "@"
	Class string // Portage's name of what computes it, without module
	File  string // where it is defined, "" for a standard set
}

// List lists every set that can be resolved, sorted by name. It reads
// definitions, not members. The error is that of an unreadable definition; the
// list then has what could be read.
func List(c *Context) ([]Listed, error) {
	cat, err := loadCatalog(c)
	var out []Listed
	for _, name := range cat.names() {
		d := cat.defs[name]
		out = append(out, Listed{Name: name, Class: d.class, File: d.source.File})
	}
	return out, err
}
