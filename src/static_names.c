/* Linked into static programs alone; build.rs says why. */

#include <nss.h>

__attribute__((constructor)) static void look_names_up_without_modules(void)
{
    __nss_configure_lookup("hosts", "files dns");
}
