// Command portsolve resolves package requests on Gentoo-style systems.
package main

func main() {}
