# The works of works.py as R's packages teach them, timed in one process.
#
#     Rscript benchmarks/theirs.R WORK FOLDER_OF_A_SMALL_SIZE FOLDER RESAMPLES
#
# Each is done once on little data first (R compiles what it has run), then timed. What is read and
# put in the shape that a function asks for beforehand is not timed. Prints seconds and answers as
# one line of JSON.

suppressPackageStartupMessages({
  library(boot)
  library(lme4)
  library(psych)
  library(lavaan)
})

factors <- list(goal = c(4, 6, 8, 11), task = c(1, 2, 10, 12), bond = c(3, 5, 7, 9))
item_names <- sprintf("item_%02d", 1:12)

# Resampling whole clusters: boot draws from the list of clusters, the statistic puts their rows
# together. A matrix and not a data frame, which would be several times slower.
by_cluster <- function(frame, columns) {
  list(values = as.matrix(frame[columns]), rows = split(seq_len(nrow(frame)), frame$cluster))
}

difference <- function(rows, drawn, values) {
  r <- cor(values[unlist(rows[drawn], use.names = FALSE), ])
  r[1, 2] - r[1, 3]
}

partial_difference <- function(rows, drawn, values) {
  r <- cor(values[unlist(rows[drawn], use.names = FALSE), ])
  partial <- (r[1, 2:3] - r[1, 4] * r[2:3, 4]) / sqrt((1 - r[1, 4]^2) * (1 - r[2:3, 4]^2))
  unname(partial[1] - partial[2])
}

resamples_of <- function(folder, resamples) {
  data <- by_cluster(read.csv(file.path(folder, "dyads.csv")), c("outcome", "advisee", "advisor"))
  function() {
    done <- boot(data$rows, difference, R = resamples, values = data$values)
    boot.ci(done, type = "perc")
    list(difference = done$t0, std_error = sd(done$t))
  }
}

multiverse_of <- function(folder, resamples) {
  frame <- read.csv(file.path(folder, "specifications.csv"))
  parts <- lapply(split(frame, frame$specification), function(part) {
    adjusted <- !anyNA(part$baseline)
    columns <- c("outcome", "advisee", "advisor", if (adjusted) "baseline")
    c(by_cluster(part, columns), statistic = if (adjusted) partial_difference else difference)
  })
  function() {
    done <- lapply(parts, function(one) {
      boot(one$rows, one$statistic, R = resamples, values = one$values)
    })
    found <- lapply(done, function(one) one$t0)
    setNames(found, paste0("difference_", seq_along(found) - 1))
  }
}

intercept_of <- function(folder, resamples) {
  frame <- read.csv(file.path(folder, "dyads.csv"))
  function() {
    fit <- lmer(outcome ~ advisee + advisor + (1 | cluster), data = frame)
    errors <- sqrt(diag(as.matrix(vcov(fit))))
    variances <- as.data.frame(VarCorr(fit))$vcov
    list(
      advisee = fixef(fit)[["advisee"]], advisor = fixef(fit)[["advisor"]],
      std_error_advisee = errors[[2]], std_error_advisor = errors[[3]],
      var_intercept = variances[1], var_residual = variances[2],
      loglik = as.numeric(logLik(fit))
    )
  }
}

scoring_of <- function(folder, resamples) {
  items <- read.csv(file.path(folder, "items.csv"))
  keys <- c(lapply(factors, function(numbers) item_names[numbers]), list(total = item_names))
  function() {
    scored <- scoreItems(keys, items, min = 1, max = 5)
    scales <- names(keys)
    named <- function(values, prefix) setNames(as.list(values), paste0(prefix, scales))
    c(
      named(as.numeric(scored$alpha[1, scales]), "alpha_"),
      named(colMeans(scored$scores[, scales]), "mean_"),
      named(apply(scored$scores[, scales], 2, sd), "sd_")
    )
  }
}

factors_of <- function(folder, resamples) {
  items <- read.csv(file.path(folder, "items.csv"))
  lines <- mapply(
    function(name, numbers) paste(name, "=~", paste(item_names[numbers], collapse = " + ")),
    names(factors), factors
  )
  model <- paste(lines, collapse = "\n")
  function() {
    fit <- cfa(model, data = items, std.lv = TRUE)
    rows <- parTable(fit)
    loadings <- rows[rows$op == "=~", ]
    test <- fit@test$standard
    c(
      list(chisq = test$stat, df = test$df),
      setNames(as.list(loadings$est), paste0("loading_", loadings$rhs)),
      setNames(as.list(loadings$se), paste0("std_error_", loadings$rhs))
    )
  }
}

works <- list(
  resamples = resamples_of, multiverse = multiverse_of, intercept = intercept_of,
  intercept_large = intercept_of, scoring = scoring_of, factors = factors_of
)

given <- commandArgs(trailingOnly = TRUE)
work <- works[[given[1]]]
resamples <- as.integer(given[4])
set.seed(1)
invisible(work(given[2], 99)())
call <- work(given[3], resamples)
invisible(gc())
start <- proc.time()
answers <- call()
seconds <- sum((proc.time() - start)[c("user.self", "sys.self")])
values <- paste0('"', names(answers), '": ', sprintf("%.15g", unlist(answers)), collapse = ", ")
cat(sprintf('{"seconds": %.6f, "answers": {%s}}\n', seconds, values))
