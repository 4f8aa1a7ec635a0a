# Writes invented_lines.sas7bdat, lines of our own invention, with haven (Debian: r-cran-haven 2.5.1).
# Rscript invented_lines.R
library(haven)
lines <- data.frame(ID = c("a", "\u00e9t\u00e9", "", "0012"), stringsAsFactors = FALSE)
lines$DAY <- as.Date(c("2015-03-05", "1600-01-01", NA, "2015-03-06"))
lines$QTY <- c(7, -1, NA, 8)
lines$PRICE <- c(1.5, NA, 0.1, 3400935418487)
lines$STAMP <- as.POSIXct(
  c("2015-03-05 12:34:56", "1959-12-31 23:59:59", NA, "2015-01-01 00:00:00"),
  format = "%Y-%m-%d %H:%M:%S", tz = "UTC"
)
write_sas(lines, "invented_lines.sas7bdat")
