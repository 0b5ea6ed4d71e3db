package sets

// Recorded reports whether world_sets remembers a set that was asked for: one that
// a file lists, unless the world-candidate option of its section in sets.conf says
// otherwise. What is computed, and the standard sets, are never recorded.
func Recorded(c *Context, name string) bool {
	cat, _ := loadCatalog(c) // what could not be read was reported when the set was resolved
	def, ok := cat.defs[name]
	return ok && def.source.File != "" && def.flag("world-candidate", def.class == "StaticFileSet")
}
